"""Nothing of one model, or of what it was, gets into the training of another."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import Mlp, counted, quietly, same, state

from shared import training
from shared.layers import BatchNorm, Dense
from shared.optimizers import SGD, Adam, cosine, one_cycle
from shared.training import Diverged, evaluate, sweep


@pytest.mark.parametrize("optimizer", [Adam, keras.optimizers.Adam])
def test_an_optimizer_belongs_to_one_model(optimizer, train):
    used, second = optimizer(), Mlp(1)
    quietly(Mlp(0), used, train)
    with pytest.raises(ValueError, match="built for.*a new optimizer for each model"):
        quietly(second, used, train)
    assert same(state(second), state(Mlp(1)))


@pytest.mark.parametrize("shared", ["model", "optimizer"])
def test_a_sweep_refuses_what_an_earlier_setting_has_trained(shared, train):
    earlier = {"model": Mlp(), "optimizer": SGD()}
    new = {"model": Mlp, "optimizer": SGD}

    def build(setting):
        return [earlier[part] if part == shared else new[part]() for part in new]

    runs = sweep(build, [0, 1], train, epochs=1, jit_compile=False)
    next(runs)
    with pytest.raises(ValueError, match="of an earlier setting: expected new ones"):
        next(runs)


def changed_slope(model):
    model.slope = 0.5


def other_weights(model):
    model.output.W = tf.Variable(-model.output.W)


def another_layer(model):
    model.norm = BatchNorm(16)


@pytest.mark.parametrize("change", [changed_slope, other_weights, another_layer])
def test_a_model_that_was_changed_is_trained_and_measured_as_it_is_now(change, train):
    model, fresh = Mlp(), Mlp()
    evaluate(model, train)
    quietly(model, SGD(0.0), train)
    for both in (model, fresh):
        change(both)
    assert evaluate(model, train) == evaluate(fresh, train)
    quietly(model, SGD(0.1), train)
    quietly(fresh, SGD(0.1), train)
    assert same(state(model), state(fresh))
    assert evaluate(model, train) == evaluate(fresh, train)


@pytest.mark.parametrize("optimizer", [Adam, keras.optimizers.Adam])
def test_a_layer_that_is_frozen_after_a_fit_stays_as_it_is(optimizer, train):
    model, used = Mlp().twin(), optimizer()
    quietly(model, used, train)
    model.layers[1].trainable = False
    with pytest.raises(ValueError, match="after layers were replaced or frozen"):
        quietly(model, used, train)
    frozen, other = model.layers[1].kernel.numpy(), model.layers[2].kernel.numpy()
    quietly(model, optimizer(), train)
    np.testing.assert_array_equal(model.layers[1].kernel, frozen)
    assert not np.array_equal(model.layers[2].kernel, other)


@pytest.mark.parametrize("build", [Mlp, lambda: Mlp().twin()])
def test_a_model_that_nobody_holds_is_gone_and_what_it_was_compiled_to_trains_the_next(
    build, train, monkeypatch
):
    compiled = counted(monkeypatch)
    models = [build() for _ in range(3)]
    for model in models:
        quietly(model, SGD(), train, epochs=1)
        evaluate(model, train)
    assert len(compiled) == 1
    compiled.clear()
    dead = [weakref.ref(model) for model in models]
    del model, models
    gc.collect()
    assert [reference() for reference in dead] == [None] * 3
    following = build()
    quietly(following, SGD(), train, epochs=1)
    assert compiled == []
    training._steps.clear()
    alone = build()
    quietly(alone, SGD(), train, epochs=1)
    assert compiled == [alone] and same(state(following), state(alone))


@pytest.mark.slow
def test_no_more_than_a_few_compiled_steps_are_kept(train):
    for units in range(2, training.KEPT + 4):
        quietly(Mlp(units=units), SGD(), train, epochs=1)
    assert len(training._steps) == training.KEPT


def test_a_model_of_another_ones_layers_in_another_order_is_compiled_anew(train, monkeypatch):
    """The step of the first would exchange the values of a variable with itself."""

    class Crossed(tf.Module):
        def __init__(self, first, second):
            super().__init__()
            self.first, self.second = first, second

        def __call__(self, x, training):
            hidden = tf.nn.tanh(self.first(tf.reshape(x, [-1, 784])[:, :10]))
            return self.second(hidden)

    def both():
        rng = np.random.default_rng(0)
        layers = Dense(10, 10, rng), Dense(10, 10, rng)
        return Crossed(*layers), Crossed(*layers[::-1])

    straight, crossed = both()
    compiled = counted(monkeypatch)
    quietly(straight, SGD(), train, epochs=1)
    quietly(crossed, SGD(), train, epochs=1)
    assert compiled == [straight, crossed]
    straight, crossed = both()
    for model in (straight, crossed):
        training._steps.clear()
        quietly(model, SGD(), train, epochs=1)
    assert same(state(crossed), state(compiled[1]))


def test_a_fit_that_goes_on_compiles_nothing_again(train, monkeypatch):
    compiled, model, optimizer = counted(monkeypatch), Mlp(dropout=0.3), Adam()
    for _ in range(3):
        quietly(model, optimizer, train)
    assert len(compiled) == 1


def test_a_model_need_not_take_attributes_or_references(train):
    class Bare:
        __slots__ = ("W",)

        def __init__(self):
            self.W = tf.Variable(tf.zeros([784, 10]))

        trainable_variables = variables = property(lambda self: [self.W])

        def __call__(self, x, training):
            return tf.reshape(x, [-1, 784]) @ self.W

    history = quietly(Bare(), SGD(0.1), train)
    assert history.history["loss"][1] < history.history["loss"][0]


def test_a_history_leaves_the_models_own_attribute_of_that_name_alone(train):
    model = Mlp()
    model.history = tf.Variable(0.0, trainable=False)
    quietly(model, SGD(), train)
    assert isinstance(model.history, tf.Variable)


def test_the_history_of_a_model_is_that_of_its_last_fit_and_no_variable(train):
    model = Mlp()
    variables = len(model.variables)
    for _ in range(2):
        assert quietly(model, SGD(), train) is model.history
    assert len(model.variables) == variables


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: SGD(cosine(0.5, 8)),
        lambda: Adam(one_cycle(0.5, 8)),
        lambda: keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.5, 8)),
    ],
)
def test_a_schedule_that_is_over_is_an_error_and_one_that_ends_on_the_way_is_none(optimizer, train):
    model, used = Mlp(), optimizer()
    quietly(model, used, train)  # 16 steps: the second half of them at a rate of 0
    before = state(model)
    with pytest.raises(ValueError, match="schedule is over.*learning rate is 0.*new optimizer"):
        quietly(model, used, train)
    assert same(state(model), before)


SCHEDULES = {  # what is wrong with them, for 16 steps
    "epochs for steps": (cosine(0.5, 2), "after 7 of these 16 steps.*counted, and not epochs"),
    "Keras's": (keras.optimizers.schedules.PolynomialDecay(0.5, 4, 0.0), "schedule is over"),
    "below 0": (lambda t: 0.3 - 0.1 * tf.cast(t, tf.float32), "for step 4=-0.1: expected"),
    "NaN": (lambda t: tf.where(t > 9, np.nan, 0.1), "=nan: expected a finite number"),
    "an if": (lambda t: 0.1 if t < 5 else 0.01, "cannot be traced: expected.*tf.where"),
    "NumPy": (lambda t: 0.1 * 0.9 ** int(t), "cannot be traced: expected.*TensorFlow"),
}


@pytest.mark.parametrize("fault", SCHEDULES)
def test_a_schedule_that_cannot_be_meant_is_refused_before_the_first_step(fault, train):
    schedule, words = SCHEDULES[fault]
    model = Mlp()
    optimizer = keras.optimizers.SGD(schedule) if fault == "Keras's" else SGD(schedule)
    with pytest.raises(ValueError, match=words):
        quietly(model, optimizer, train)
    assert same(state(model), state(Mlp()))


def test_a_schedule_may_have_a_variable_of_its_own(train):
    """It is no part of the model, and whoever made the schedule changes it."""
    peak, model = tf.Variable(0.1), Mlp()
    quietly(model, SGD(lambda step: peak * cosine(1.0, 16)(step)), train)
    assert not same(state(model), state(Mlp()))


def test_no_advice_is_to_try_a_learning_rate_of_0(train):
    model = Mlp()
    model.output.b.assign(np.full(10, np.inf, np.float32))
    with pytest.raises(Diverged, match="not finite") as error:
        quietly(model, SGD(0.0), train)
    assert "Try a learning rate" not in str(error.value)
