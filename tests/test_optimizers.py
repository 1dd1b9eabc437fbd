"""The optimizers are Keras's to the last digits, the schedules are what they say, and what an
optimizer remembers is never used for variables that it does not belong to."""

import functools
import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.layers import Dense
from shared.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop, cosine, one_cycle

SHAPES = [(4, 5), (7,), (), (3, 3, 2, 2)]
SIZES = [1, 1e-2, 1e-4, 1e-6]  # of the gradients: the small ones show where epsilon stands
PAIRS = {
    "SGD": (SGD, keras.optimizers.SGD, {"learning_rate": 0.05}),
    "momentum": (SGD, keras.optimizers.SGD, {"learning_rate": 0.05, "momentum": 0.9}),
    "Nesterov": (
        SGD,
        keras.optimizers.SGD,
        {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True},
    ),
    "RMSprop": (RMSprop, keras.optimizers.RMSprop, {"learning_rate": 0.01, "rho": 0.8}),
    "RMSprop with momentum": (
        RMSprop,
        keras.optimizers.RMSprop,
        {"learning_rate": 0.01, "momentum": 0.9, "epsilon": 1e-5},
    ),
    "Adam": (Adam, keras.optimizers.Adam, {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.99}),
    "defaults of SGD": (SGD, keras.optimizers.SGD, {}),
    "defaults of RMSprop": (RMSprop, keras.optimizers.RMSprop, {}),
    "defaults of Adam": (Adam, keras.optimizers.Adam, {}),
}


def tensors(seed):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(np.float32) for shape in SHAPES]


def walk(optimizer, steps=100, apply=None, at=None):
    """Returns the variables after these steps on random gradients; at: {step: learning rate}."""
    ours = not isinstance(optimizer, keras.optimizers.Optimizer)
    variables = [(tf.Variable if ours else keras.Variable)(w) for w in tensors(0)]
    optimizer.build(variables)
    apply = apply or optimizer.apply
    for step in range(steps):
        if step in (at or {}):
            optimizer.learning_rate = at[step]
        apply(
            [tf.constant(size * g) for size, g in zip(SIZES, tensors(step + 1), strict=True)],
            variables,
        )
    return [variable.numpy() for variable in variables]


@functools.cache
def walk_of_keras(name):
    _, theirs, options = PAIRS[name]
    return walk(theirs(**options))


def assert_same(ours, keras):
    # atol: the variables are of size 1, and one that happens to be near 0 was rounded at that size
    for a, b in zip(ours, keras, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("name", PAIRS)
def test_100_steps_equal_those_of_keras(name, compiled):
    ours, _, options = PAIRS[name]
    optimizer = ours(**options)
    apply = tf.function(optimizer.apply, jit_compile=True) if compiled else None
    assert_same(walk(optimizer, apply=apply), walk_of_keras(name))
    assert int(optimizer.iterations) == 100


def test_adamw_shrinks_weights_as_keras_does_and_leaves_biases_alone():
    ours, theirs = AdamW(0.01, weight_decay=0.5), keras.optimizers.AdamW(0.01, weight_decay=0.5)
    ws, vs = [tf.Variable(w) for w in tensors(0)], [keras.Variable(w) for w in tensors(0)]
    theirs.exclude_from_weight_decay(var_list=[v for v in vs if len(v.shape) < 2])
    for step in range(20):
        for optimizer, variables in ((ours, ws), (theirs, vs)):
            optimizer.apply([tf.constant(g) for g in tensors(step + 1)], variables)
    assert_same([w.numpy() for w in ws], [v.numpy() for v in vs])
    with pytest.raises(ValueError, match="weight_decay"):
        AdamW(0.01, weight_decay=-0.1)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("name", ["SGD", "momentum", "RMSprop", "Adam"])
def test_the_learning_rate_can_be_changed_between_steps(name, compiled):
    ours, theirs, _ = PAIRS[name]
    optimizer, at = ours(0.1), {3: 0.01, 7: 0.5}
    apply = tf.function(optimizer.apply, jit_compile=True) if compiled else None
    assert_same(walk(optimizer, 10, apply, at), walk(theirs(0.1), 10, at=at))
    assert float(optimizer.learning_rate) == 0.5


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_schedule_sets_the_rate_of_each_step(name):
    ours, theirs, _ = PAIRS[name]
    optimizer = ours(cosine(0.1, 20))
    apply = tf.function(optimizer.apply, jit_compile=True)
    expected = walk(theirs(keras.optimizers.schedules.CosineDecay(0.1, 20)), 25)
    assert_same(walk(optimizer, 25, apply), expected)
    assert float(optimizer.learning_rate) == 0


def test_a_schedule_cannot_be_assigned_over():
    optimizer = SGD(cosine(0.1, 20))
    with pytest.raises(AttributeError, match="schedule"):
        optimizer.learning_rate = 0.1


def test_the_state_is_in_variables():
    optimizer = Adam()
    optimizer.build([tf.Variable(w) for w in tensors(0)])
    sizes = sorted(variable.shape.num_elements() for variable in optimizer.variables)
    assert sizes == sorted([1, 1] + 2 * [w.size for w in tensors(0)])


def test_cosine_is_that_of_keras():
    ours, theirs = cosine(0.3, 50), keras.optimizers.schedules.CosineDecay(0.3, 50)
    for step in range(60):
        np.testing.assert_allclose(ours(step), theirs(step), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("warmup", [0.1, 0.3, 0.5])
def test_one_cycle_rises_from_0_to_the_rate_and_falls_to_0(warmup):
    schedule = one_cycle(0.1, 100, warmup)
    rates = np.array([schedule(tf.constant(step)) for step in range(101)])
    peak = round(100 * warmup)
    np.testing.assert_allclose(rates[[0, peak, 100]], [0, 0.1, 0], atol=1e-7)
    np.testing.assert_allclose(np.diff(rates[: peak + 1]), 0.1 / peak, rtol=1e-4)
    np.testing.assert_allclose(np.diff(rates[peak:]), -0.1 / (100 - peak), rtol=1e-4)
    assert float(schedule(tf.constant(200))) == 0


# What an optimizer remembers belongs to the variables of its first step

MAKES = {"SGD": SGD, "momentum": lambda: SGD(momentum=0.9), "RMSprop": RMSprop, "Adam": Adam}


def new_variables():
    return [tf.Variable(w) for w in tensors(0)]


@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_the_variables_of_another_model_are_refused_and_nothing_is_changed(make):
    optimizer, first, second = make(), new_variables(), new_variables()
    optimizer.apply(tensors(1), first)
    before = [v.numpy() for v in (*second, *optimizer.variables)]
    for use in (optimizer.build, lambda variables: optimizer.apply(tensors(2), variables)):
        with pytest.raises(ValueError, match="new optimizer for each model"):
            use(second)
    for value, variable in zip(before, (*second, *optimizer.variables), strict=True):
        np.testing.assert_array_equal(value, variable)


@pytest.mark.parametrize(
    "change",
    [
        lambda v: [tf.Variable(v[0]), *v[1:]],  # replaced by an equal one
        lambda v: v[1:],  # frozen
        lambda v: [*v, tf.Variable(1.0)],
        lambda v: v[::-1],
    ],
    ids=["replaced", "frozen", "added", "another order"],
)
def test_variables_that_were_replaced_frozen_added_or_reordered_are_refused(change):
    optimizer, variables = Adam(), new_variables()
    optimizer.apply(tensors(1), variables)
    with pytest.raises(ValueError, match="replaced or frozen"):
        optimizer.build(change(variables))


def test_a_layer_replaced_after_the_first_step_is_refused():
    model = tf.Module()
    model.layer = Dense(3, 2, np.random.default_rng(0))
    optimizer = Adam()
    optimizer.build(model.trainable_variables)
    optimizer.build(model.trainable_variables)
    model.layer = Dense(3, 2, np.random.default_rng(0))
    with pytest.raises(ValueError, match="not the same ones"):
        optimizer.build(model.trainable_variables)


def test_keras_variables_are_known_again_and_others_refused():
    first, second = (keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]) for _ in range(2))
    optimizer = Adam()
    optimizer.build(first.trainable_variables)
    optimizer.build(first.trainable_variables)
    with pytest.raises(ValueError, match="new optimizer"):
        optimizer.build(second.trainable_variables)


def test_a_compiled_step_refuses_another_model_when_it_is_traced():
    optimizer, first, second = Adam(), new_variables(), new_variables()
    optimizer.build(first)
    step = tf.function(lambda: optimizer.apply(tensors(1), second), jit_compile=True)
    with pytest.raises(ValueError, match="new optimizer"):
        step()


def test_an_optimizer_keeps_no_dead_model_and_takes_no_other_for_it():
    optimizer, variables = SGD(), new_variables()
    optimizer.build(variables)
    dead = weakref.ref(variables[0])
    del variables
    gc.collect()
    assert dead() is None
    for _ in range(20):  # one of these may well lie at the address of a dead one
        with pytest.raises(ValueError, match="new optimizer"):
            optimizer.build(new_variables())


def test_the_state_can_be_saved_and_restored(tmp_path):
    optimizer, variables = Adam(0.1), new_variables()
    optimizer.apply(tensors(1), variables)
    saved = tf.train.Checkpoint(optimizer=optimizer).save(tmp_path / "state")
    state = [v.numpy() for v in optimizer.variables]
    optimizer.apply(tensors(2), variables)
    tf.train.Checkpoint(optimizer=optimizer).restore(saved).assert_consumed()
    for a, b in zip(state, optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)


# What is passed by mistake


def schedule_of(value):
    return lambda step: value


@pytest.mark.parametrize(
    "rate, error, advice",
    [
        (-0.1, ValueError, "from 0"),
        (float("nan"), ValueError, "finite"),
        (np.inf, ValueError, "finite"),
        (np.array([0.1]), TypeError, "expected a number"),
        ([0.1], TypeError, "expected a number"),
        ((tf.zeros(3),), TypeError, "expected a number"),  # PyTorch's first argument
        (tf.constant([0.1]), TypeError, "expected a number"),
        ("0.1", TypeError, "expected a number"),
        (None, TypeError, "expected a number"),
        (True, TypeError, "expected a number"),
        (1j, TypeError, "expected a number"),
    ],
    ids=str,
)
def test_what_is_no_learning_rate_is_refused_also_when_it_is_set_later(rate, error, advice):
    optimizer = SGD(0.5)
    for use in (SGD, lambda rate: setattr(optimizer, "learning_rate", rate)):
        with pytest.raises(error, match=advice):
            use(rate)
    with pytest.raises(error, match=advice):
        SGD(schedule_of(rate)).apply([1.0], [tf.Variable(1.0)])
    assert float(optimizer.learning_rate) == 0.5


@pytest.mark.parametrize("rate", [0, 1, 0.5, np.float32(0.5), np.array(0.5), tf.constant(0.5)])
def test_any_single_number_is_a_learning_rate(rate):
    optimizer = SGD(rate)
    assert float(optimizer.learning_rate) == float(rate)
    optimizer.learning_rate = 2 * rate
    assert float(optimizer.learning_rate) == 2 * float(rate)


def test_a_variable_is_no_learning_rate_but_a_schedule_may_return_one():
    rate, w = tf.Variable(0.1), tf.Variable(1.0)
    with pytest.raises(TypeError, match="pass its value"):
        SGD(rate)  # a change of the variable would be lost
    optimizer = SGD(lambda step: rate)
    rate.assign(0.5)
    optimizer.apply([1.0], [w])
    assert float(w) == 0.5


def test_a_schedule_not_yet_called_and_one_set_later_are_refused():
    with pytest.raises(TypeError, match=r"cosine\(rate, steps\).*'steps'"):
        SGD(cosine)
    with pytest.raises(AttributeError, match="new optimizer"):
        SGD(0.1).learning_rate = cosine(0.1, 20)


def test_a_schedule_that_turns_into_a_row_of_rates_is_refused():
    optimizer = SGD(lambda step: 0.1 if tf.executing_eagerly() else tf.zeros(3))
    with pytest.raises(ValueError, match="schedule"):
        tf.function(optimizer.apply)([tf.ones(3)], [tf.Variable(tf.ones(3))])


@pytest.mark.parametrize("value", [1.0, -0.1, float("nan"), None, "0.9", True, [0.9]])
@pytest.mark.parametrize(
    "make, name",
    [
        (SGD, "momentum"),
        (RMSprop, "rho"),
        (RMSprop, "momentum"),
        (Adam, "beta_1"),
        (Adam, "beta_2"),
    ],
)
def test_a_part_of_the_past_is_at_least_0_and_less_than_1(make, name, value):
    with pytest.raises((ValueError, TypeError), match=name):
        make(**{name: value})


@pytest.mark.parametrize("value", [0, -1e-7, float("nan"), None, "1e-7", True])
@pytest.mark.parametrize("make", [RMSprop, Adam])
def test_epsilon_is_a_number_above_0(make, value):
    with pytest.raises((ValueError, TypeError), match="epsilon"):
        make(epsilon=value)


def test_nesterov_without_momentum_would_be_plain_sgd_and_is_refused():
    with pytest.raises(ValueError, match="momentum"):
        SGD(0.1, nesterov=True)


@pytest.mark.parametrize("name", ["momentum", "nesterov", "slots", "memory", "iterations", "lr"])
def test_after_the_first_step_nothing_is_changed_but_the_learning_rate(name):
    """A compiled step would go on with the old value, and there is no memory for a new one."""
    optimizer = SGD(0.1)
    optimizer.build([tf.Variable(1.0)])
    with pytest.raises(AttributeError, match=f"not {name}"):
        setattr(optimizer, name, 0.5)
    optimizer.learning_rate = 0.5


@pytest.mark.parametrize(
    "gradients, error, advice",
    [
        ([tf.zeros(2)], ValueError, "gradients: 1; expected a list of 2"),
        (3 * [tf.zeros(2)], ValueError, "gradients: 3"),
        (tf.zeros(2), ValueError, "expected a list"),
        ([tf.zeros(2), None], ValueError, r"variable 1 \(bias:0, shape \(\)\).*does not depend"),
        ([tf.zeros(()), tf.zeros(())], ValueError, "variable 0"),  # would be broadcast
        ([tf.zeros((2, 2)), tf.zeros(())], ValueError, "variable 0"),
    ],
)
def test_gradients_that_do_not_belong_to_the_variables_are_refused(gradients, error, advice):
    variables = [tf.Variable([1.0, 2.0]), tf.Variable(3.0, name="bias")]
    for apply in (SGD().apply, tf.function(SGD().apply)):
        with pytest.raises(error, match=advice):
            apply(gradients, variables)
    np.testing.assert_array_equal(variables[0], [1, 2])


@pytest.mark.parametrize(
    "variables, error, advice",
    [
        ([], ValueError, "no variables"),
        (tf.Variable([1.0]), TypeError, "expected a list"),
        (tf.Module(), TypeError, "model.trainable_variables"),
        ((v for v in [tf.Variable(1.0)]), TypeError, "expected a list"),
        ([tf.zeros(1)], TypeError, "gradients come first"),
        ([np.zeros(1)], TypeError, "gradients come first"),
    ],
)
def test_what_are_no_variables_are_refused(variables, error, advice):
    for use in (SGD().build, lambda variables: SGD().apply([tf.zeros(1)], variables)):
        with pytest.raises(error, match=advice):
            use(variables)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("make", MAKES.values(), ids=MAKES)
def test_the_sparse_gradient_of_a_gathered_row_is_that_of_the_same_dense_one(make, compiled):
    rows = tf.constant([2, 0, 2])
    ends = []
    for pick in (tf.gather, lambda w, rows: tf.one_hot(rows, 4) @ w):
        w, optimizer = tf.Variable(tf.reshape(tf.range(12.0), (4, 3))), make()
        optimizer.build([w])

        def step(w=w, optimizer=optimizer, pick=pick):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(pick(w, rows) ** 2)
            optimizer.apply(tape.gradient(loss, [w]), [w])

        step = tf.function(step, jit_compile=True) if compiled else step
        for _ in range(3):
            step()
        ends.append(w.numpy())
    np.testing.assert_allclose(*ends, rtol=1e-6)


def test_an_optimizer_without_a_rule_says_so():
    with pytest.raises(NotImplementedError, match="update"):
        Optimizer(0.1).apply([1.0], [tf.Variable(1.0)])


@pytest.mark.parametrize("make", [cosine, one_cycle])
@pytest.mark.parametrize(
    "rate, steps, error, advice",
    [
        (-0.1, 100, ValueError, "rate=-0.1"),
        (float("nan"), 100, ValueError, "finite"),
        ("0.1", 100, TypeError, "string '0.1'"),
        ([0.1], 100, TypeError, "rate is a list"),
        (0.1, 0, ValueError, "at least 1"),
        (0.1, -5, ValueError, "at least 1"),
        (100, 0.1, TypeError, "steps=0.1: expected a whole number"),  # exchanged
        (0.1, 55_000 / 128, TypeError, "whole number"),
        (0.1, None, TypeError, "steps=None"),
    ],
)
def test_what_is_no_rate_or_no_number_of_steps_makes_no_schedule(make, rate, steps, error, advice):
    with pytest.raises(error, match=advice):
        make(rate, steps)


@pytest.mark.parametrize("warmup", [0, 1, -0.1, 30, float("nan"), None, "0.3"])
def test_a_warm_up_is_a_part_of_the_steps(warmup):
    with pytest.raises((ValueError, TypeError), match="warmup"):
        one_cycle(0.1, 100, warmup)


@pytest.mark.parametrize("kind", [SGD, RMSprop])
def test_momentum_may_be_set_before_the_first_step(kind):
    later, at_once = kind(0.1), kind(0.1, momentum=0.9)
    later.momentum = 0.9
    w, v = tf.Variable([1.0]), tf.Variable([1.0])
    for _ in range(3):
        later.apply([2 * w], [w])
        at_once.apply([2 * v], [v])
    assert float(w[0]) == float(v[0])


@pytest.mark.parametrize("name", ["lr", "rate"])
def test_the_learning_rate_has_one_name(name):
    with pytest.raises(AttributeError, match=f"not {name}: write optimizer.learning_rate = 0.5"):
        setattr(SGD(0.1), name, 0.5)


def test_a_rate_that_float32_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="learning_rate=1e\\+39: expected a finite number"):
        SGD(1e39)
