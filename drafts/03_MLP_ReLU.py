# %% [markdown]
# # 03 · ReLU, and the length of a step
#
# **Why did ReLU win, and what do SGD, RMSprop and Adam each do about the step size?**
#
# A ReLU hands the gradient back undiminished, so a network of ReLUs learns in a few epochs what sigmoids do not learn in the same time, and it reaches 98.4 % of the test images. SGD steps in proportion to the gradient, RMSprop and Adam divide each gradient by its own recent size; given its best learning rate, each of them trains our network.
#
# *To have read before:* [01](01_Softmax_classifier.ipynb) and [02](02_MLP_Sigmoid.ipynb). *Running time:* about 80 seconds on two cores.

# %%
import math
import sys

sys.path.insert(0, "..")  # the repository, where shared/ is

from shared import mnist, plotting, training
from shared.claims import accuracy_interval, claim
from shared.layers import Dense, xavier
from shared.optimizers import Optimizer

import numpy as np
import tensorflow as tf

SEED = 0

# %% [markdown]
# ## The data
#
# The images and splits of notebook 01. The experiments use the first 9,984 training images, 78 batches of 128, for four epochs and three seeds; the final model gets all 55,000. (10,000 would leave a last batch of 16 images, whose gradient is a noisy estimate, for the step right before each validation.)

# %%
data = mnist.load()
subset = mnist.Split(data.train.images[:9984], data.train.labels[:9984])
seeds, EPOCHS = range(SEED, SEED + 3), 4
plotting.digits(data.train.images[:10], data.train.labels[:10])

# %% [markdown]
# ## ReLU: positive or nothing
#
# A hidden unit computes $z = xW + b$, and then its activation $a$. Notebook 02 used the sigmoid. The **rectified linear unit** is
#
# $$a = \max(0, z), \qquad \frac{da}{dz} = 1 \text{ if } z > 0, \text{ else } 0.$$
#
# On the way back, every layer multiplies the gradient by this slope. The sigmoid's is at most 1/4 and usually less; the ReLU's is exactly 1 wherever the unit is active. (Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010; Glorot, Bordes and Bengio, "Deep sparse rectifier neural networks", 2011.)

# %%
z = tf.linspace(-6.0, 6.0, 601)
figure, axes = plotting.panels(1, 2, height=2.8)
slopes = {}
for name, f, colour in (
    ("sigmoid", tf.sigmoid, plotting.BLUE),
    ("ReLU", tf.nn.relu, plotting.ORANGE),
):
    with tf.GradientTape() as tape:
        tape.watch(z)
        a = f(z)
    slopes[name] = tape.gradient(a, z).numpy()
    axes[0].plot(z, a, color=colour, label=name)
    axes[1].plot(z, slopes[name], color=colour, label=name)
claim("the sigmoid's slope is 1/4 at most", np.isclose(slopes["sigmoid"].max(), 0.25))
claim("the ReLU's slope is 0 or 1", set(slopes["ReLU"]) == {0, 1})
axes[0].set(xlabel="z", ylabel="a", title="The activation", ylim=(-0.1, 3))
axes[1].set(xlabel="z", ylabel="da/dz", title="Its slope", ylim=(-0.05, 1.1))
for axis in axes:
    plotting.label_lines(axis)
figure

# %% [markdown]
# ### The optimizer so far: SGD
#
# We write the optimizers in this notebook ourselves. `Optimizer` keeps the learning rate $\eta$, counts the steps and gives each variable its memory; a class says how one variable $w$ moves, given its gradient $g$. Plain **SGD** is $w \leftarrow w - \eta\,g$. **Momentum** (Polyak 1964) gives $w$ a velocity $v$ that remembers:
#
# $$v \leftarrow \mu\,v - \eta\,g, \qquad w \leftarrow w + v .$$
#
# With $\mu = 0.9$, steps that agree add up to ten times the length, and steps that contradict each other cancel. Nesterov's form takes one more look ahead.


# %%
class SGD(Optimizer):
    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False):
        super().__init__(learning_rate)
        self.momentum, self.nesterov = momentum, nesterov
        self.slots = 1 if momentum else 0

    def update(self, w, g, rate, velocity=None):
        if velocity is None:
            w.assign_sub(rate * g)
            return
        velocity.assign(self.momentum * velocity - rate * g)
        w.assign_add(self.momentum * velocity - rate * g if self.nesterov else velocity)


# %% [markdown]
# ## Sigmoid against ReLU, at equal budget
#
# One class makes all the networks below. The two rivals get the same three hidden layers of 128 units, the same Xavier weights, images and number of steps, and the same five learning rates to choose the best from. A rate is judged by the mean validation accuracy of three seeds at the end; a run that diverged counts as guessing.


# %%
class MLP(tf.Module):
    def __init__(self, sizes, seed, activation=tf.nn.relu, init=xavier):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.layers = [Dense(m, n, rng, init) for m, n in zip(sizes, sizes[1:], strict=False)]
        self.activation = activation

    def __call__(self, images, training):
        a = tf.reshape(images, [-1, 784])
        for layer in self.layers[:-1]:
            a = self.activation(layer(a))  # [batch, units]
        return self.layers[-1](a)  # logits, [batch, 10]


# %%
def try_all(build, settings):
    """Trains build(setting, seed) for all settings and seeds; {setting: [History, ...]}."""
    runs = {setting: [] for setting in settings}
    pairs = [(setting, seed) for setting in settings for seed in seeds]
    for (setting, _), _, history in training.sweep(
        lambda pair: build(*pair), pairs, subset, data.validation, epochs=EPOCHS, seed=SEED
    ):
        runs[setting].append(history)
    return runs


def accuracies(runs):
    """The validation accuracy of each run at its end, an array; a diverged run is guessing."""
    ends = [h.history["val_accuracy"][-1] if len(h.epoch) == EPOCHS else 0.1 for h in runs]
    return np.array(ends)


def best(runs):
    """The setting with the highest mean accuracy over the seeds."""
    return max(runs, key=lambda setting: accuracies(runs[setting]).mean())


# %%
rivals = {}
for name, activation in (("sigmoid", tf.sigmoid), ("ReLU", tf.nn.relu)):

    def build(rate, seed, activation=activation):
        return MLP([784, 128, 128, 128, 10], seed, activation), SGD(rate)

    runs = try_all(build, [0.1, 0.3, 1.0, 3.0])
    rivals[name] = runs[best(runs)]
    a = accuracies(rivals[name])
    print(f"{name:<8} rate {best(runs):.1f}  validation accuracy {a.min():.1%} to {a.max():.1%}")
claim("the worst ReLU run is far above the best sigmoid run",
      accuracies(rivals["ReLU"]).min() > accuracies(rivals["sigmoid"]).max() + 0.05)
plotting.curves(rivals, "Sigmoid and ReLU, each at its own best learning rate, three seeds")

# %% [markdown]
# The band is the range over the seeds. The sigmoids first stand still: their gradient has to pass three slopes of 1/4 or less on its way to the first layer.
#
# ## He initialisation: why Xavier is not enough
#
# A unit sums $n$ inputs. With weights of mean 0 and variance $\sigma^2$, $\mathrm{E}[z_{l}^2] = n\,\sigma^2\,\mathrm{E}[a_{l-1}^2]$. A ReLU cuts off the negative half: $\mathrm{E}[a^2] = \frac12\mathrm{E}[z^2]$. Xavier's $\sigma^2 = 1/n$ (equal widths) was made for symmetric activations. Here it loses half of the square at every layer; after $l$ layers the signal is smaller by $2^{-l/2}$. The remedy puts the 2 back, $\sigma^2 = 2/n$ (He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015).


# %%
def he(rng, fan_in, fan_out):
    return (rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)).astype(np.float32)


def sizes_of_z(init, seed, depth=30, width=512):
    """The root mean square of z in each layer of a fresh ReLU network, on 500 images."""
    rng = np.random.default_rng(seed)
    a, result = data.train.images[:500].reshape(500, 784) / np.float32(255), []
    for _ in range(depth):
        z = a @ init(rng, a.shape[1], width)
        result.append(np.sqrt(np.mean(z**2)))
        a = np.maximum(z, 0)
    return np.array(result)


# %%
layers = np.arange(1, 31)
signal = {f.__name__: np.array([sizes_of_z(f, s) for s in seeds]) for f in (xavier, he)}
kept = {name: values[:, -1] / values[:, 0] for name, values in signal.items()}
for name, ratio in kept.items():
    print(f"{name:<7} layer 30 has {ratio.min():.1e} to {ratio.max():.1e} of layer 1's signal")
claim("with Xavier less than a thousandth of the signal is left", kept["xavier"].max() < 1e-3)
claim("with He it stays within a factor of three",
      1 / 3 < kept["he"].min() and kept["he"].max() < 3)
figure, axis = plotting.panels(height=3.0)
for init, colour in (("xavier", plotting.BLUE), ("he", plotting.ORANGE)):
    plotting.spread(axis, layers, signal[init], init, colour)
theory = signal["xavier"][:, 0].mean() * 2 ** (-(layers - 1) / 2)
axis.plot(layers, theory, "k:", lw=1, label=r"$2^{-l/2}$")
axis.set(yscale="log", xlabel="layer", ylabel="root mean square of z")
axis.set_title("The signal in a fresh ReLU network of 30 layers, three seeds")
plotting.label_lines(axis, gap=0.08)
figure

# %% [markdown]
# ### Does it matter for training?
#
# The same two initialisations at two depths, 64 units per layer, SGD with momentum, each at the better of two rates.

# %%
depths = {}
for depth in (2, 20):

    def build(setting, seed, depth=depth):
        init, rate = setting
        return MLP([784] + [64] * depth + [10], seed, init=init), SGD(rate, momentum=0.9)

    runs = try_all(build, [(init, rate) for init in (xavier, he) for rate in (0.01, 0.03)])
    for init in (xavier, he):
        mine = {setting: runs[setting] for setting in runs if setting[0] is init}
        a = depths[depth, init.__name__] = accuracies(mine[best(mine)])
        print(f"{depth:2} layers, {init.__name__:<7}", *(f"{value:6.1%}" for value in a))
claim("at 20 layers the worst He run is far above the best Xavier run",
      depths[20, "he"].min() > depths[20, "xavier"].max() + 0.1)
claim("at 2 layers no measurable difference: the means are less than a point apart",
      abs(depths[2, "he"].mean() - depths[2, "xavier"].mean()) < 0.01)

# %% [markdown]
# Where the signal has died, all images look alike to the last layer. In a shallow network either will do; from here on we use He.
#
# ## Three answers to one question: how long a step?
#
# SGD's step is $\eta\,g$: as long as the gradient says. But gradients differ from layer to layer and change with time. **RMSprop** (Tieleman and Hinton, lecture 6.5, 2012) keeps a moving average $s$ of each weight's squared gradient, and divides by its root:
#
# $$s \leftarrow \rho\,s + (1-\rho)\,g^2, \qquad w \leftarrow w - \eta\,\frac{g}{\sqrt{s + \epsilon}} .$$
#
# What is left of $g$ is about its sign; $\eta$ itself is now the length of the step.


# %%
class RMSprop(Optimizer):
    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7):
        super().__init__(learning_rate)
        self.rho, self.momentum, self.epsilon = rho, momentum, epsilon
        self.slots = 2 if momentum else 1

    def update(self, w, g, rate, mean_square, velocity=None):
        mean_square.assign(self.rho * mean_square + (1 - self.rho) * g**2)
        step = rate * g / tf.sqrt(mean_square + self.epsilon)
        if velocity is not None:
            velocity.assign(self.momentum * velocity + step)
            step = velocity
        w.assign_sub(step)


# %% [markdown]
# **Adam** (Kingma and Ba, "Adam: a method for stochastic optimization", 2015) averages the gradient, too, and notes that both averages start at 0 and are too small at first. After $t$ steps an average holds only $1-\beta^t$ of its weight, so it is divided by that:
#
# $$m \leftarrow \beta_1 m + (1-\beta_1)\,g, \qquad s \leftarrow \beta_2 s + (1-\beta_2)\,g^2,$$
#
# $$w \leftarrow w - \eta\,\frac{\sqrt{1-\beta_2^t}}{1-\beta_1^t}\,\frac{m}{\sqrt s + \epsilon} .$$


# %%
class Adam(Optimizer):
    slots = 2

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def update(self, w, g, rate, mean, mean_square):
        t = tf.cast(self.iterations + 1, w.dtype)
        mean.assign(self.beta_1 * mean + (1 - self.beta_1) * g)
        mean_square.assign(self.beta_2 * mean_square + (1 - self.beta_2) * g**2)
        rate *= tf.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        w.assign_sub(rate * mean / (tf.sqrt(mean_square) + self.epsilon))


# %% [markdown]
# Is that what others call Adam? Keras's optimizers, given the same weights and the same random gradients, should go the same way.

# %%
rng = np.random.default_rng(SEED)
start, gradients = rng.normal(size=(4, 5)), rng.normal(size=(50, 4, 5))
keras = tf.keras.optimizers
for ours, theirs in (
    (SGD(0.01), keras.SGD(0.01)),
    (SGD(0.01, momentum=0.9), keras.SGD(0.01, momentum=0.9)),
    (RMSprop(0.01), keras.RMSprop(0.01)),
    (Adam(0.01), keras.Adam(0.01)),
):
    ends = []
    for optimizer in (ours, theirs):
        w = tf.Variable(start, dtype=tf.float32)
        for g in gradients:
            optimizer.apply([tf.constant(g, tf.float32)], [w])
        ends.append(w.numpy())
    name = type(ours).__name__ + (" with momentum" if getattr(ours, "momentum", 0) else "")
    difference = np.abs(ends[0] - ends[1]).max()
    claim(f"{name}: after 50 steps the weights are Keras's", difference < 1e-5, d=difference)

# %% [markdown]
# ### The step, when the gradient does not change
#
# The clearest test: one weight, whose gradient is always 3, and one whose gradient is always 0.03.

# %%
OPTIMIZERS = {  # name: (a function from the rate to an optimizer, colour)
    "SGD": (SGD, plotting.BLUE),
    "momentum": (lambda rate: SGD(rate, momentum=0.9), plotting.ORANGE),
    "RMSprop": (RMSprop, plotting.GREEN),
    "Adam": (Adam, plotting.RED),
}
figure, axes = plotting.panels(1, 2, sharey=True)
lengths = {}
for axis, g in zip(axes, (3.0, 0.03), strict=True):
    for name, (make, colour) in OPTIMIZERS.items():
        optimizer, w, path = make(0.01), tf.Variable(0.0), [0.0]
        for _ in range(25):
            optimizer.apply([tf.constant(g)], [w])
            path.append(float(w))
        lengths[name, g] = -np.diff(path)
        axis.plot(range(1, 26), lengths[name, g], color=colour, label=name)
    axis.set(yscale="log", xlabel="step", title=f"Gradient {g:g}, η = 0.01", ylim=(1e-4, 1))
    plotting.label_lines(axis, gap=0.08)
axes[0].set_ylabel("length of the step")
figure

# %%
large, small = ({name: lengths[name, g] for name in OPTIMIZERS} for g in (3.0, 0.03))
claim("a gradient 100 times smaller makes SGD's steps 100 times shorter, with momentum too",
      all(np.allclose(large[n], 100 * small[n], rtol=1e-3) for n in ("SGD", "momentum")))
claim("momentum's steps grow to more than nine times SGD's",
      large["momentum"][-1] > 9 * large["SGD"][-1])
claim("RMSprop's and Adam's steps do not depend on the size of the gradient",
      all(np.allclose(large[n], small[n], rtol=1e-2) for n in ("RMSprop", "Adam")))
claim("RMSprop's first step is more than three times η, Adam's is η",
      large["RMSprop"][0] > 0.03 and np.isclose(large["Adam"][0], 0.01, rtol=1e-2))

# %% [markdown]
# RMSprop's long first steps are the start at zero that Adam corrects for.
#
# ### Paths in a valley
#
# A gradient hardly ever stays the same. The loss $L = \frac12(u^2 + 100\,v^2)$ is a valley, a hundred times steeper across than along. Each optimizer walks 60 steps, at a rate that suits it (a few were tried); then the same in the valley turned by 45°.


# %%
def walk(optimizer, angle, steps=60):
    """The places [steps + 1, 2] that an optimizer visits, and the loss at the last one."""
    turn = tf.constant([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = tf.cast(turn, tf.float32)  # from (u, v) to the coordinates that the optimizer sees
    steepness = tf.constant([1.0, 100.0])
    w = tf.Variable(tf.linalg.matvec(turn, [-9.0, 1.0]))
    places = [w.numpy()]
    for _ in range(steps):
        uv = tf.linalg.matvec(turn, w, transpose_a=True)
        optimizer.apply([tf.linalg.matvec(turn, steepness * uv)], [w])
        places.append(w.numpy())
    uv = tf.linalg.matvec(turn, w, transpose_a=True)
    return np.array(places), float(tf.reduce_sum(steepness * uv**2) / 2)


# %%
valley_rates = {"SGD": 0.018, "momentum": 0.01, "RMSprop": 0.2, "Adam": 0.3}
grid = np.linspace(-10, 4, 200)
x, y = np.meshgrid(grid, grid)
figure, axes = plotting.panels(2, 4, height=5.0, sharex=True, sharey=True)
end = {}
for row, angle in zip(axes, (0.0, np.pi / 4), strict=True):
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    for axis, (name, (make, colour)) in zip(row, OPTIMIZERS.items(), strict=True):
        places, end[name, angle] = walk(make(valley_rates[name]), angle)
        axis.contour(x, y, u**2 + 100 * v**2, [1, 10, 40, 100, 250], colors="#B0B0B0",
                     linewidths=0.8)
        axis.plot(*places.T, ".-", color=colour, ms=4, lw=1)
        axis.plot(0, 0, "k+", ms=9)
        axis.set(aspect="equal", xlim=(-10, 3), ylim=(-8, 4))
        axis.set_title(f"{name}\nloss {end[name, angle]:.2g} at the end", fontsize=9)
        axis.grid(False)
for axis in axes.flat:
    axis.set(xlabel="first weight" if axis in axes[1] else "",
             ylabel="second weight" if axis in axes[:, 0] else "")
figure.suptitle("60 steps in a valley along the first weight (above), and with it turned")
figure

# %%
turned = {name: end[name, np.pi / 4] / end[name, 0.0] for name in OPTIMIZERS}
claim("SGD and momentum do not notice that the valley is turned",
      all(np.isclose(turned[name], 1, rtol=0.01) for name in ("SGD", "momentum")), **turned)
claim("RMSprop and Adam end at least ten times higher in the turned one, at the same rates",
      min(turned["RMSprop"], turned["Adam"]) > 10, **turned)

# %% [markdown]
# SGD jumps from wall to wall: the rate that the steep walls allow is too small for the flat floor. Momentum cancels the jumps and adds up the floor. RMSprop and Adam make the slopes of the two weights alike and go straight, as long as the valley runs along a weight.
#
# ## On the network: each at its own best learning rate
#
# A learning rate means something else to each of them. To compare two optimizers at the same rate, or at their defaults, is to compare the rates. So each gets its own sweep, a factor of about three from one rate to the next, and is judged at its best.

# %%
grids = {
    "SGD": [0.03, 0.1, 0.3, 1.0],
    "momentum": [0.01, 0.03, 0.1, 0.3],
    "RMSprop": [0.0003, 0.001, 0.003, 0.01],
    "Adam": [0.001, 0.003, 0.01, 0.03],
}


def sweep_of(make, rates):
    def build(rate, seed):
        return MLP([784, 128, 128, 10], seed, init=he), make(rate)

    return try_all(build, rates)


sweeps = {name: sweep_of(make, grids[name]) for name, (make, _) in OPTIMIZERS.items()}
best_rates = {name: best(runs) for name, runs in sweeps.items()}
figure, axis = plotting.panels(height=3.4)
for name, runs in sweeps.items():
    colour = OPTIMIZERS[name][1]
    values = 100 * np.array([accuracies(runs[rate]) for rate in grids[name]])  # [rates, seeds]
    plotting.spread(axis, grids[name], values.T, name, colour, marker="o", ms=4)
    axis.annotate(name, (best_rates[name], values.mean(axis=1).max()), (0, 8),
                  textcoords="offset points", ha="center", color=colour)
axis.set(xscale="log", xlabel="learning rate η", ylabel="validation accuracy (%)")
axis.set_ylim(80, 97)
axis.set_title("After four epochs, against the learning rate; the range of three seeds")
figure

# %%
print("best rates:", "  ".join(f"{name} {rate:.4f}" for name, rate in best_rates.items()))
claim("SGD's best rate is at least ten times Adam's",
      best_rates["SGD"] > 9 * best_rates["Adam"], **best_rates)
claim("momentum's best rate is lower than plain SGD's",
      best_rates["momentum"] < best_rates["SGD"], **best_rates)
claim("no optimizer's best rate is the lowest or the highest of its sweep",
      all(grids[name][0] < best_rates[name] < grids[name][-1] for name in grids), **best_rates)
rivals = {name: sweeps[name][best_rates[name]] for name in OPTIMIZERS}
ends = {name: accuracies(runs) for name, runs in rivals.items()}
for name, a in ends.items():
    print(f"{name:<9} validation accuracy {a.min():.2%} to {a.max():.2%}")
means = [a.mean() for a in ends.values()]
claim("at their best rates the four are within two points of each other",
      max(means) - min(means) < 0.02, means=means)
plotting.curves(rivals, "Each optimizer at its own best rate, three seeds", loss_scale="log")

# %% [markdown]
# ## A rate that falls: constant against cosine
#
# Near the bottom of the valley a step of constant length cannot settle. A schedule makes $\eta$ fall over the training's $T$ steps, here along half a cosine (Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017):
#
# $$\eta_t = \frac{\eta_0}{2}\left(1 + \cos\frac{\pi t}{T}\right).$$


# %%
def cosine(rate, steps):
    def schedule(step):
        progress = tf.minimum(tf.cast(step, tf.float32) / steps, 1.0)
        return rate * 0.5 * (1.0 + tf.cos(math.pi * progress))

    return schedule


# %%
steps, rate = EPOCHS * len(subset.labels) // 128, best_rates["Adam"]
falling = sweep_of(lambda rate: Adam(cosine(rate, steps)), [rate])[rate]
both = {"constant": rivals["Adam"], "cosine": falling}
ends = {name: accuracies(runs) for name, runs in both.items()}
losses = {name: np.array([h.history["loss"][-1] for h in runs]) for name, runs in both.items()}
for name, a in ends.items():
    print(f"{name:<9} training loss {losses[name].min():.3f} to {losses[name].max():.3f}   "
          f"validation accuracy {a.min():.2%} to {a.max():.2%}")
claim("with the cosine every run ends at a lower training loss than any constant run",
      losses["cosine"].max() < losses["constant"].min(), **losses)
claim("with the cosine the mean validation accuracy is higher",
      ends["cosine"].mean() > ends["constant"].mean(), **ends)
plotting.curves(both, "Adam from the same rate, constant and falling, three seeds", "log")

# %% [markdown]
# ## The final training
#
# Two hidden layers of 512 ReLUs, He weights, Adam from 0.003 along a cosine, all the training images.

# %%
epochs, batch_size = 15, 256
steps = epochs * math.ceil(len(data.train.labels) / batch_size)
model = MLP([784, 512, 512, 10], SEED, init=he)
history = training.fit(
    model, Adam(cosine(0.003, steps)), data.train, data.validation,
    epochs=epochs, batch_size=batch_size, seed=SEED,
)
gap = history.history["accuracy"][-1] - history.history["val_accuracy"][-1]
print(f"training accuracy is {100 * gap:.2f} points above validation accuracy")
claim("the model knows its training images by heart", history.history["accuracy"][-1] > 0.999)
claim("on others it is more than one point worse", gap > 0.01)
plotting.curves(history, "The final training", loss_scale="log")

# %% [markdown]
# ## Look inside: one linear map per image
#
# For one image, each ReLU either passes its $z$ on or blocks it. Without the blocked units, the network is three matrices in a row: a linear classifier as in notebook 01, $\hat z = x A + c$, but with an $A$ of its own for every image. We can write it down.


# %%
def linear_map(model, image):
    """The A [784, 10] and c [10] that the network is for this image [28, 28]."""
    A, c = tf.eye(784), tf.zeros(784)
    x = tf.reshape(mnist.scale(image), [1, 784])
    for layer in model.layers:
        A, c = A @ layer.W, tf.linalg.matvec(layer.W, c, transpose_a=True) + layer.b
        if layer is not model.layers[-1]:
            active = tf.cast(x @ A + c > 0, tf.float32)  # [1, units]
            A, c = A * active, c * active[0]
    return A.numpy(), c.numpy()


ones = [np.flatnonzero(data.validation.labels == digit)[0] for digit in range(10)]
images = data.validation.images[ones]
maps = [linear_map(model, image) for image in images]
pixels = mnist.scale(images).numpy().reshape(10, 784)
by_map = np.stack([x @ A + c for x, (A, c) in zip(pixels, maps, strict=True)])
logits = training.predict(model, images)
difference = np.abs(by_map - logits).max()
print(f"largest difference of a logit: {difference:.1e}")
claim("the linear map gives the network's logits", difference < 1e-2, difference=difference)

# %%
voices = [
    x * (A[:, digit] - A.mean(axis=1))
    for digit, x, (A, _) in zip(range(10), pixels, maps, strict=True)
]
plotting.weights(
    np.reshape(voices, [10, 28, 28]), range(10), columns=5,
    title="What each pixel adds to the logit of its digit, compared with the mean logit",
)

# %% [markdown]
# Red ink speaks for the image's own digit, blue ink against it, and the ten pictures come from ten different matrices. The units that a stroke switches on decide how the other strokes are read. This is how straight maps make bent borders: ReLU cuts the space of images into pieces and has a straight map on each.
#
# ## The test set, once

# %%
_, test_accuracy = training.evaluate(model, data.test)
low, high = accuracy_interval(test_accuracy, len(data.test.labels))
print(f"test accuracy {test_accuracy:.2%}   (95 % interval: {low:.2%} to {high:.2%})")
claim("more than 98.2 % of the test images are named rightly", test_accuracy > 0.982)
logits = training.predict(model, data.test.images)
predictions = logits.argmax(axis=1)
plotting.confusion_matrix(data.test.labels, predictions)

# %%
probabilities = tf.nn.softmax(logits).numpy()
wrong = np.flatnonzero(predictions != data.test.labels)
worst = wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:20]
titles = [f"{data.test.labels[i]} as {predictions[i]}" for i in worst]
plotting.digits(data.test.images[worst], titles, title="The most confident mistakes")

# %% [markdown]
# ## Notes
#
# - At equal budget, and each at its best rate, the worst ReLU run is far above the best sigmoid run.
# - A ReLU halves the squared signal; He's factor 2 restores it, and at 20 layers that decides whether the network learns at all.
# - SGD's step is proportional to the gradient; RMSprop's and Adam's do not depend on its size, but on the direction of the valley.
# - Compared at their own best rates, the four optimizers are within two points; their best rates are not alike.
# - A rate that falls to zero lets the training settle.

# %% [markdown]
# ## Exercises
#
# 1. **Adam against a bad start.** In the experiment on depth, put `Adam` with rates 0.001 and 0.003 in the place of SGD. EX1
# 2. **A thousandth of the loss.** EX2
# 3. **Write it yourself.** AdaGrad (Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011) adds up all squared gradients and never forgets: $s \leftarrow s + g^2$, $w \leftarrow w - \eta\,g / \sqrt{s + \epsilon}$. Fill in the update; the cell says whether it is right. Under a constant gradient, how does its step change?


# %%
class AdaGrad(Optimizer):
    slots = 1

    def __init__(self, learning_rate=0.01, epsilon=1e-7):
        super().__init__(learning_rate)
        self.epsilon = epsilon

    def update(self, w, g, rate, sum_of_squares):
        pass  # your code


optimizer, w = AdaGrad(0.1), tf.Variable([0.0, 0.0])
for _ in range(3):
    optimizer.apply([tf.constant([2.0, -0.05])], [w])
expected = 0.1 * (1 + 1 / math.sqrt(2) + 1 / math.sqrt(3)) * np.array([-1, 1])
if not w.numpy().any():
    print("Exercise 3: not written yet")
else:
    print("Exercise 3:", "right" if np.allclose(w, expected, atol=1e-4) else "not right yet")

# %% [markdown]
# ---
# Before: [02 · A multilayer perceptron with sigmoids](02_MLP_Sigmoid.ipynb) · Next: [04 · Dropout](04_MLP_ReLU_Dropout.ipynb)
