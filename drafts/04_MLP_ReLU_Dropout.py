# %% [markdown]
# # 04 · Dropout
#
# **Why does deleting half the network make it better?**
#
# A unit that may lose any of its neighbours at every step cannot rely on a private agreement with them, and has to be useful by itself; so the network learns what its images share instead of learning them by heart. With dropout the network of notebook 03, made wider, names about 98.75 % of the test images rightly, without one more image to learn from.
#
# *To have read before:* notebook 03 (ReLU, He initialisation, Adam, the cosine schedule). *Running time:* about a minute and a quarter on two cores, without a network.

# %% [markdown]
# ## Setup

# %%
import sys

sys.path.insert(0, "..")  # the repository, where shared/ is

from shared import mnist, plotting, training
from shared.claims import accuracy_interval, claim
from shared.layers import Dense, he
from shared.optimizers import Adam, one_cycle

import numpy as np
import tensorflow as tf

SEED = 0

# %% [markdown]
# The data are those of notebook 01: 55,000 training images, 5,000 for validation, 10,000 for the test. For the experiments we pretend to own the first 3,000 training images only.

# %%
data = mnist.load()
few = mnist.Split(data.train.images[:3000], data.train.labels[:3000])
plotting.digits(few.images[:10], few.labels[:10])

# %% [markdown]
# ## The illness: learning by heart
#
# Two hidden layers of 512 units have 669,706 weights and biases, 223 for each of our 3,000 images. That is enough to store every label without understanding any. We train this network, which has no dropout, from three seeds.


# %%
class MLP(tf.Module):
    def __init__(self, sizes, seed):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.dense = [Dense(i, o, rng, he) for i, o in zip(sizes, sizes[1:], strict=False)]

    def __call__(self, images, training):
        a = tf.reshape(images, [-1, 784])  # [batch, 784]
        for dense in self.dense:
            z = dense(a)  # [batch, units]
            a = tf.nn.relu(z)
        return z  # the last layer's z are the logits, [batch, 10]


print(f"{sum(np.size(w) for w in MLP([784, 512, 512, 10], 0).trainable_variables):,} parameters")

# %%
seeds = range(SEED, SEED + 3)
options = {"epochs": 20, "batch_size": 100, "seed": SEED}


def build_plain(seed):
    return MLP([784, 512, 512, 10], seed), Adam(0.001)


plain_runs = list(training.sweep(build_plain, seeds, few, data.validation, **options))
plain_model = plain_runs[0][1]
plotting.curves({"no dropout": [h for *_, h in plain_runs]}, "3,000 images, no dropout")

# %%
def last(histories, key):
    return np.array([history.history[key][-1] for history in histories])


plain = [history for *_, history in plain_runs]
print(f"training accuracy   {last(plain, 'accuracy').mean():.2%}")
print(f"validation accuracy {last(plain, 'val_accuracy').mean():.2%}")
after_5 = np.array([history.history["val_accuracy"][4] for history in plain])
gain = last(plain, "val_accuracy") - after_5
print(f"validation accuracy gained after epoch 5: {100 * gain.mean():.2f} points")
claim("every training image is learned", (last(plain, "accuracy") > 0.995).all())
claim("of the validation images more than one in twenty is wrong",
      (last(plain, "val_accuracy") < 0.95).all())
claim("from epoch 5 on, validation gains less than two points", (gain < 0.02).all())

# %% [markdown]
# The dashed line reaches 100 %, the solid one stays where it is: this is **overfitting**. Once all training images are right, their loss is nearly zero, so is its gradient, and nothing is left to learn from. More steps will not help, and more images we do not have.

# %% [markdown]
# ## The idea: delete units at random
#
# Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, *Dropout: a simple way to prevent neural networks from overfitting* (2014): at every training step, and for every image in the batch, delete each unit with probability $p$, the **rate**. With a mask $m$ of zeros and ones, $P(m_i = 1) = 1 - p$,
#
# $$\tilde a_i = m_i\, a_i .$$
#
# At the end we want to use the whole network. But does the next layer then receive what it was trained on? We try it, the wrong way first, with the activations of the network above.


# %%
def delete(a, rate, seed):
    keep = tf.random.stateless_uniform(tf.shape(a), [seed, 0]) >= rate  # the mask m
    return tf.where(keep, a, 0.0)


image = tf.reshape(mnist.scale(data.validation.images[:1]), [1, 784])
a = tf.nn.relu(plain_model.dense[0](image))  # [1, 512]
masked = delete(tf.repeat(a, 2000, axis=0), 0.5, SEED)  # 2,000 masks, [2000, 512]
total, kept = tf.reduce_sum(a).numpy(), tf.reduce_sum(masked, axis=1).numpy()
print(f"sum of the layer's activations: whole {total:.1f}, deleted {kept.mean():.1f} on average")
claim("with half of the units deleted, the next layer is given half as much",
      abs(kept.mean() / total - 0.5) < 0.02)

# %% [markdown]
# ## Inverted dropout: the scaling
#
# The expected value is $E[m_i a_i] = (1-p)\,a_i$. The paper trains like this and multiplies the weights by $1-p$ afterwards. We do the equivalent during training and divide by $1-p$ what is kept,
#
# $$\tilde a_i = \frac{m_i\, a_i}{1-p}, \qquad E[\tilde a_i] = a_i,$$
#
# so that nothing has to be remembered when the network is used. This is **inverted dropout**; all libraries do it this way.


# %%
class Dropout(tf.Module):
    def __init__(self, rate, seed):
        super().__init__()
        self.rate = tf.Variable(rate, dtype=tf.float32, trainable=False)
        self.seed = tf.Variable([seed, 0], dtype=tf.int32, trainable=False)

    def __call__(self, x, training):
        if not training:
            return x
        self.seed.assign_add([0, 1])  # another mask at every step
        keep = tf.random.stateless_uniform(tf.shape(x), self.seed) >= self.rate
        return tf.where(keep, x / (1 - self.rate), 0.0)


# %% [markdown]
# What we wrote against what Keras computes: both leave ones alone when not training, and turn them into zeros and twos while training, half and half. (The masks themselves differ: each library rolls its own dice.)

# %%
ones = tf.ones([1000, 512])
for name, layer in {"ours": Dropout(0.5, SEED), "Keras": tf.keras.layers.Dropout(0.5)}.items():
    used, trained = layer(ones, training=False), layer(ones, training=True)
    share = np.mean(trained == 0)
    print(f"{name:<6} deleted {share:.3f}, mean {np.mean(trained):.3f}")
    claim(f"{name}: untouched when not training", np.array_equal(used, ones))
    claim(f"{name}: while training only zeros and twos", set(np.unique(trained)) == {0.0, 2.0})
    claim(f"{name}: as many of the one as of the other", abs(share - 0.5) < 0.01)

# %% [markdown]
# Now the measurement: the mean over 2,000 masks of each unit's activation, and of what each unit of the *next* layer then receives, against the same number in the whole network.

# %%
scaled = Dropout(0.5, SEED)(tf.repeat(a, 2000, axis=0), training=True)
slopes = {}
figure, axes = plotting.panels(1, 2, height=3.6)
for axis, name, after in zip(
    axes, ("activation", "next layer's z"), (tf.identity, plain_model.dense[1]), strict=True
):
    whole = after(a).numpy()[0]
    for kind, x, colour in (("scaled", scaled, plotting.BLUE), ("not", masked, plotting.ORANGE)):
        mean = tf.reduce_mean(after(x), axis=0).numpy()
        slopes[name, kind] = np.polyfit(whole, mean, 1)[0]
        axis.scatter(whole, mean, s=7, color=colour, label=f"{kind} scaled".replace("not", "un"))
        axis.plot(whole, slopes[name, kind] * whole, color=colour, lw=0.8)
    axis.set(xlabel="whole network", ylabel="mean over 2,000 masks", title=name)
axes[0].legend()
figure.suptitle("With half of the units deleted, scaling keeps the expected value")
figure

# %%
print("slopes:", "  ".join(f"{name}, {kind}: {slope:.2f}" for (name, kind), slope in slopes.items()))
claim("scaled, both expected values are those of the whole network",
      all(abs(slopes[name, "scaled"] - 1) < 0.1 for name, _ in slopes), slopes=slopes)
claim("unscaled, both are half of them",
      all(abs(slopes[name, "not"] - 0.5) < 0.1 for name, _ in slopes), slopes=slopes)

# %% [markdown]
# ## Another mask at every step
#
# The mask is not a property of the network. Each step draws a new one, and within a batch each image has its own. Here are two images of a batch as the first layer sees them in ten steps, with $p = 0.5$ on the pixels.

# %%
pair = mnist.scale(few.images[:2])
dropout = Dropout(0.5, SEED)
steps = tf.stack([dropout(pair, training=True) for _ in range(10)], axis=1)  # [2, 10, 28, 28]
plotting.digits(
    tf.reshape(steps, [20, 28, 28]), [f"step {k % 10 + 1}" for k in range(20)],
    title="The same two images in ten steps",
)

# %% [markdown]
# No step sees quite the image that another step saw. For the units of a hidden layer, one row per step:

# %%
dropout = Dropout(0.5, SEED)
masks = np.stack([dropout(tf.ones(100), training=True) > 0 for _ in range(30)])  # [30, 100]
agree = np.mean(masks[1:] == masks[:-1])
print(f"from one step to the next, {agree:.3f} of the units keep their state")
claim("a step's mask says nothing about the next one's: half of it is the same by chance",
      abs(agree - 0.5) < 0.05)
claim("no two of the thirty steps have the same mask", len(np.unique(masks, axis=0)) == 30)

figure, axis = plotting.panels(height=3.0)
axis.imshow(masks, aspect="auto", interpolation="nearest")
axis.set(xlabel="hidden unit", ylabel="training step", title="Dark: the unit takes part in this step")
axis.grid(False)
figure

# %% [markdown]
# Each row is another network with about half of the units; 512 units have $2^{512}$ of them. Hardly any is ever trained twice, but all share their weights.

# %% [markdown]
# ## Does it help?
#
# The same network with a `Dropout` in front of each layer. `rates` says how much of the pixels and of each hidden layer is deleted. A rate is a variable, so all rates are trained by one compiled step. (`jit_compile=False`: with masks on the pixels, XLA is the slower way.)


# %%
class DropoutMLP(MLP):
    def __init__(self, sizes, rates, seed):
        super().__init__(sizes, seed)
        self.dropouts = [Dropout(rate, 10 * seed + k) for k, rate in enumerate(rates)]

    def __call__(self, images, training):
        a = tf.reshape(images, [-1, 784])  # [batch, 784]
        for dropout, dense in zip(self.dropouts, self.dense, strict=True):
            z = dense(dropout(a, training))  # [batch, units]
            a = tf.nn.relu(z)
        return z


def build(setting):
    width, rate, seed = setting
    return DropoutMLP([784, width, width, 10], [0.0, rate, rate], seed), Adam(0.001)


options["jit_compile"] = False
rates = [0.25, 0.5, 0.75, 0.9]
settings = [(512, rate, seed) for rate in rates for seed in seeds]
sweep = list(training.sweep(build, settings, few, data.validation, **options))
runs = {rate: [h for (_, r, _), _, h in sweep if r == rate] for rate in rates}
runs[0.0] = plain

# %%
plotting.curves({"none": runs[0.0], "p = 0.5": runs[0.5]}, "3,000 images, three seeds each")

# %%
print(f"validation accuracy {last(runs[0.0], 'val_accuracy').mean():.2%} without dropout, "
      f"{last(runs[0.5], 'val_accuracy').mean():.2%} with")
claim("with dropout, every seed beats every seed without",
      last(runs[0.5], "val_accuracy").min() > last(runs[0.0], "val_accuracy").max())
claim("it is right less often on the images it trains on",
      last(runs[0.5], "accuracy").max() < last(runs[0.0], "accuracy").min())
first = {rate: np.array([h.history["val_accuracy"][0] for h in runs[rate]]) for rate in runs}
claim("after one epoch it was still behind", first[0.5].max() < first[0.0].min())

# %% [markdown]
# The orange network does worse at what it is trained for, since half of it is missing whenever it is asked; and better at what we want. The first epoch shows the price: it learns more slowly.

# %% [markdown]
# ## Why? Delete units from both
#
# If a unit of the plain network works only together with certain others, then deleting some at random should break it, and should not break a network that grew up like this. We delete hidden units, scaled as above, from the trained networks of all seeds, and look at the validation images.


# %%
def accuracy_without(rate, model):
    dropout = Dropout(rate, SEED)
    a = tf.reshape(mnist.scale(data.validation.images), [-1, 784])
    for k, dense in enumerate(model.dense):
        z = dense(dropout(a, training=True) if k > 0 else a)
        a = tf.nn.relu(z)
    return np.mean(np.argmax(z, axis=1) == data.validation.labels)


deleted = [0.0, 0.25, 0.5, 0.75, 0.9]
plain_models = [model for _, model, _ in plain_runs]
dropout_models = [model for (_, rate, _), model, _ in sweep if rate == 0.5]
kept = {
    name: np.array([[accuracy_without(rate, model) for rate in deleted] for model in models])
    for name, models in (("trained whole", plain_models), ("trained with p = 0.5", dropout_models))
}
figure, axis = plotting.panels(width=7.5)
for (name, values), colour in zip(kept.items(), plotting.COLOURS, strict=False):
    plotting.spread(axis, 100 * np.array(deleted), 100 * values, name, colour, marker="o")
axis.set(xlabel="hidden units deleted (%)", ylabel="validation accuracy (%)")
axis.set_title("Trained with deletions, a network survives them")
plotting.label_lines(axis)
figure

# %%
lost = {name: values[:, :1] - values for name, values in kept.items()}  # [seeds, rates]
for name, values in lost.items():
    print(f"{name:<21} half of the units cost {100 * values[:, 2].mean():.2f} points, "
          f"three quarters {100 * values[:, 3].mean():.2f}")
claim("three quarters deleted cost the network that was trained whole over twice as much",
      lost["trained whole"][:, 3].min() > 2 * lost["trained with p = 0.5"][:, 3].max(), **lost)

# %% [markdown]
# ## How much to delete
#
# One line of the sweep above, with its range over the seeds.

# %%
tried = sorted(runs)
final = np.array([last(runs[rate], "val_accuracy") for rate in tried]).T  # [seeds, rates]
figure, axis = plotting.panels(width=7.5)
plotting.spread(axis, tried, 100 * final, "validation", plotting.VALIDATION, marker="o")
trained = np.array([last(runs[rate], "accuracy") for rate in tried]).T
plotting.spread(axis, tried, 100 * trained, "training, deleted", plotting.TRAINING, marker="o")
axis.set(xlabel="rate p of the hidden layers", ylabel="accuracy (%)", ylim=(84, 100.5))
axis.set_title("Some dropout helps, and much hurts")
plotting.label_lines(axis)
figure

# %%
for rate, values in zip(tried, final.T, strict=True):
    print(f"rate {rate:.2f}   validation {values.mean():.2%}   "
          f"from {values.min():.2%} to {values.max():.2%}")
at = dict(zip(tried, final.T, strict=True))
claim("0.5 is better than none and than 0.9, for every seed",
      at[0.5].min() > max(at[0.0].max(), at[0.9].max()))
claim("between 0.25 and 0.5 the means differ by less than half a point: a broad top",
      abs(at[0.25].mean() - at[0.5].mean()) < 0.005)

# %% [markdown]
# ## Where it hurts
#
# Dropout takes capacity away. A large network has some to spare; what about a small one? Same images, same epochs, other widths.

# %%
widths = [16, 64]
settings = [(width, rate, seed) for width in widths for rate in (0.0, 0.5) for seed in seeds]
by_width = {(512, rate): last(runs[rate], "val_accuracy") for rate in (0.0, 0.5)}
for (width, rate, _), _, history in training.sweep(build, settings, few, data.validation, **options):
    by_width.setdefault((width, rate), []).append(history.history["val_accuracy"][-1])
widths.append(512)

figure, axis = plotting.panels(width=7.5)
for rate, name, colour in ((0.0, "no dropout", plotting.BLUE), (0.5, "p = 0.5", plotting.ORANGE)):
    values = 100 * np.array([by_width[width, rate] for width in widths]).T
    plotting.spread(axis, widths, values, name, colour, marker="o")
axis.set_xscale("log", base=2)
axis.set(xticks=widths, xticklabels=widths, xlabel="units per hidden layer")
axis.set(ylabel="validation accuracy (%)", title="A small network has nothing to give away")
plotting.label_lines(axis)
figure

# %%
for width in widths:
    difference = 100 * (np.mean(by_width[width, 0.5]) - np.mean(by_width[width, 0.0]))
    print(f"units {width:4d}: dropout changes the validation accuracy by {difference:+.2f} points")
claim("with 16 units per layer, every seed with dropout is worse than every seed without",
      max(by_width[16, 0.5]) < min(by_width[16, 0.0]) - 0.01, **{"values": by_width})

# %% [markdown]
# ## The final training
#
# All 55,000 images, two hidden layers of WIDTH units; 20 % of the pixels and half of the hidden units are deleted, as in the paper. The learning rate rises to PEAK over the first third of the steps and falls to zero (`one_cycle`: Smith and Topin, *Super-convergence*, 2018).

# %%
epochs, batch_size = 20, 256
steps = epochs * -(-len(data.train.labels) // batch_size)
model = DropoutMLP([784, 800, 800, 10], [0.2, 0.5, 0.5], SEED)
history = training.fit(
    model, Adam(one_cycle(0.002, steps)), data.train, data.validation,
    epochs=epochs, batch_size=batch_size, seed=SEED, jit_compile=False,
)

# %%
plotting.curves(history, "The final training")

# %%
claim("the validation images are named better than the training images with units deleted",
      history.history["val_accuracy"][-1] > history.history["accuracy"][-1])

# %% [markdown]
# The validation curve lies *above* the training curve. Nothing is wrong: training accuracy is measured on networks with deleted units and pixels, validation accuracy on the whole one.

# %% [markdown]
# ## One network, or very many?
#
# Each mask is a network of its own. The whole network, used once, is meant to stand for the average of their answers. We can take that average: keep dropout on, ask thirty times, and average the probabilities.


# %%
@tf.function
def stochastic_pass(images):
    return tf.nn.softmax(model(mnist.scale(images), training=True))


chunks = np.split(data.validation.images, 5)
passes = np.stack([
    np.concatenate([stochastic_pass(chunk) for chunk in chunks]) for _ in range(30)
])  # [30, 5000, 10]
whole = tf.nn.softmax(training.predict(model, data.validation.images)).numpy()
truth = data.validation.labels

# %%
rng = np.random.default_rng(SEED)
number = np.arange(1, 31)
averaged = []
for _ in range(10):  # ten orders of the thirty passes
    sums = np.cumsum(passes[rng.permutation(30)], axis=0)  # [30, 5000, 10]
    averaged.append((sums.argmax(axis=2) == truth).mean(axis=1))
averaged = 100 * np.array(averaged)
one_pass = 100 * np.mean(whole.argmax(axis=1) == truth)

figure, axis = plotting.panels(width=7.5)
plotting.spread(axis, number, averaged, "averaged", plotting.ORANGE)
axis.axhline(one_pass, color=plotting.BLUE, ls="--")
axis.text(30, one_pass, "the whole network, once", color=plotting.BLUE, ha="right", va="bottom")
axis.set(xlabel="stochastic passes averaged", ylabel="validation accuracy (%)")
axis.set_title("Averaging over masks arrives where the whole network is")
figure

# %%
single, thirty = averaged[:, 0].mean(), averaged[0, -1]
print(f"one pass {single:.2f} %, thirty averaged {thirty:.2f} %, whole network {one_pass:.2f} %")
claim("one thinned network is worse than the whole one", single < one_pass - 0.1)
claim("thirty averaged and the whole one: no measurable difference", abs(thirty - one_pass) < 0.25)

# %% [markdown]
# So the plain pass is an ensemble at the price of one network. The thirty passes still know something that one pass does not show: *how much they disagree*. We call **disagreement** the share of passes that do not vote for the most frequent answer.

# %%
votes = passes.argmax(axis=2)  # [30, 5000]
counts = np.stack([(votes == digit).sum(axis=0) for digit in range(10)], axis=1)  # [5000, 10]
disagreement = 1 - counts.max(axis=1) / 30
most = np.argsort(-disagreement, kind="stable")[:20]
titles = []
for i in most:
    a, b = np.argsort(-counts[i], kind="stable")[:2]
    titles.append(f"is {truth[i]}\n{a}: {counts[i, a]}  {b}: {counts[i, b]}")
plotting.digits(
    data.validation.images[most], titles, title="Most disputed: truth, and the votes of 30 networks"
)

# %% [markdown]
# Most of these are digits over which people would argue, too: the vote does not only say that the network is unsure, but between what. Are the disputed images the ones it gets wrong?

# %%
wrong = counts.argmax(axis=1) != truth
belief = 1 - whole.max(axis=1)
share = np.arange(1, len(truth) + 1) / len(truth)
found = {
    name: np.cumsum(wrong[np.argsort(-score, kind="stable")]) / wrong.sum()
    for name, score in (("disagreement", disagreement + 1e-6 * belief), ("1 - belief", belief))
}
figure, axis = plotting.panels(width=7.5)
for (name, values), colour in zip(found.items(), (plotting.ORANGE, plotting.BLUE), strict=True):
    axis.plot(100 * share, 100 * values, label=name, color=colour)
axis.plot([0, 20], [0, 20], color=plotting.GREY, ls=":", label="by chance")
axis.set(xlim=(0, 20), ylim=(0, 103), xlabel="images looked at, most doubtful first (%)")
axis.set(ylabel="mistakes among them (%)", title="The mistakes are among the disputed images")
plotting.label_lines(axis)
figure

# %%
agreed = disagreement == 0
tenth = len(truth) // 10
print(f"all thirty agree on {agreed.mean():.1%} of the images; {wrong[agreed].mean():.2%} are wrong")
print(f"of the other images {wrong[~agreed].mean():.1%} are wrong")
by_votes, by_belief = (found[name][tenth - 1] for name in found)
print(f"mistakes in the most doubtful tenth: {by_votes:.1%} by votes, {by_belief:.1%} by belief")
claim("more than two mistakes in three are in the most disputed tenth", by_votes > 0.67)
claim("where all agree, less than one image in two hundred is wrong", wrong[agreed].mean() < 0.005)
claim("sorted by the plain pass's belief, about as many are found",
      abs(by_votes - by_belief) < 0.15, by_votes=by_votes, by_belief=by_belief)

# %% [markdown]
# Honestly: for *finding* mistakes, the belief of the single plain pass serves about as well on these data, at a thirtieth of the price. Gal and Ghahramani, *Dropout as a Bayesian approximation* (2016), give the votes their meaning as an uncertainty of the model.

# %% [markdown]
# ## The test set, once

# %%
test_loss, test_accuracy = training.evaluate(model, data.test)
low, high = accuracy_interval(test_accuracy, len(data.test.labels))
print(f"test accuracy {test_accuracy:.2%}   (95 % interval: {low:.2%} to {high:.2%})")
claim("more than 98.6 % of the test images are named rightly", test_accuracy > 0.986)

# %%
logits = training.predict(model, data.test.images)
predictions = logits.argmax(axis=1)
plotting.confusion_matrix(data.test.labels, predictions)

# %%
probabilities = tf.nn.softmax(logits).numpy()
wrong = np.flatnonzero(predictions != data.test.labels)
worst = wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:20]
titles = [
    f"{data.test.labels[i]} as {predictions[i]}\n{probabilities[i].max():.1%}" for i in worst
]
plotting.digits(
    data.test.images[worst], titles, title="The most confident mistakes: truth, answer, belief"
)

# %% [markdown]
# ## Notes
#
# - A large network learns 3,000 images by heart, and its validation accuracy stops; deleting half of the hidden units at every step lowers the training accuracy and raises the validation accuracy, for every seed.
# - What is kept is divided by $1-p$, so that the next layer's expected input stays the same and the whole network can be used as it is.
# - A network trained with deletions survives them; one trained whole relies on all of its units.
# - The whole network answers as the average of thirty thinned ones does; where those disagree, the mistakes are.
# - Dropout costs epochs and capacity: after one epoch, and in a small network, it hurts. Notebook 05 changes something else inside the network.

# %% [markdown]
# ## Exercises
#
# 1. **Pixels only.** In `build`, use the rates `[rate, 0.0, 0.0]`.
# 2. **Noise instead of deletion.** In `Dropout`, return `x * (1 + tf.random.stateless_normal(tf.shape(x), self.seed) * tf.sqrt(self.rate / (1 - self.rate)))`: a factor of the same mean and variance, but never zero.
# 3. **The gradient.** How does the gradient come back through a dropout layer? Fill in the function; the cell compares it with the tape.


# %%
def dropout_gradient(g, keep, rate):
    """g: gradient at the layer's output; keep: its mask, booleans; both [batch, units]."""
    return None  # your code


rng = np.random.default_rng(SEED)
g = tf.constant(rng.normal(size=(4, 6)), tf.float32)
x, layer = tf.Variable(tf.ones([4, 6])), Dropout(0.25, SEED)
with tf.GradientTape() as tape:
    y = layer(x, training=True)
by_tape = tape.gradient(y, x, output_gradients=g)
answer = dropout_gradient(g, y > 0, 0.25)
if answer is None:
    print("Exercise 3: not written yet")
else:
    print("Exercise 3:", "right" if np.allclose(answer, by_tape) else "not right yet")

# %% [markdown]
# ---
# Previous: [03 · ReLU and the optimizers](03_MLP_ReLU.ipynb) · Next: [05 · Batch normalisation](05_MLP_ReLU_BatchNorm.ipynb)
