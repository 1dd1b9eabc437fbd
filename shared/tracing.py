"""What a training step computes, found by tracing: nothing runs, so that no mistake can do harm.

TensorFlow calls the Python function once with placeholders and writes down the operations. Two
models whose operations, constants and variables' shapes are the same compute the same from the
same values, so that the step compiled for one can train both.
"""

import math

import tensorflow as tf

from shared import checks, model_checks

# Their gradient is not decided by the operation alone: then the gradient is traced, too.
SPARSE = {"ResourceGather", "ResourceGatherNd"}
# Operations with a state of their own, beside variables: random numbers, Python functions, tables.
HARMLESS = {"StatefulPartitionedCall", "Placeholder", "Assert", "PrintV2"}


def state(model, optimizer):
    """Returns all variables that training changes, each once."""
    variables = {id(w.handle): w for w in (*model.variables, *optimizer.variables)}
    variables.update((id(w.handle), w) for w in model.trainable_variables)
    return list(variables.values())


def values(variables):
    """Returns the values of the variables, tensors that do not change with them; no copies."""
    return [tf.raw_ops.ReadVariableOp(resource=v.handle, dtype=v.dtype) for v in variables]


def assign(variables, values):
    """Gives the variables these values, all of them: a second interrupt begins it anew."""
    while True:
        try:
            for variable, value in zip(variables, values, strict=True):
                tf.raw_ops.AssignVariableOp(resource=variable.handle, value=value)
            return
        except KeyboardInterrupt:
            continue


def exchange(first, second):
    """Exchanges the values of two lists of variables, of those that are not the same."""
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a.handle is not b.handle]
    there, here = [a for a, _ in pairs], [b for _, b in pairs]
    assign([*there, *here], values([*here, *there]))


def exchangeable(first, second):
    """Returns whether no variable of one list stands at another place in the other."""
    places = {id(variable.handle): place for place, variable in enumerate(first)}
    return all(places.get(id(w.handle), place) == place for place, w in enumerate(second))


def step(model, optimizer, shape, sizes, loss):
    """Returns (signature, state): the signatures of two steps are equal if both compute the same.

    shape: an image's; sizes: (number of images, training or not), for all calls of the model that
    are to come. state: the variables that they read or write, in the order of the signature.
    loss: a function of (labels, logits), for the models whose gradient has to be traced.
    Raises ValueError, as checks.logits does, if the model cannot take such images.
    """
    try:
        graph = _trace(model, optimizer, shape, sizes, None)
    except ValueError as error:
        if not isinstance(error.__cause__, _MakesVariables):
            raise
        _call_once(model, shape, *sizes[0])
        graph = _trace(model, optimizer, shape, sizes, None)
    trainable = model.trainable_variables
    if not trainable:
        raise ValueError("the model has no trainable variables: keep them as its attributes")
    checks.optimizer(optimizer, trainable)
    model_checks.left_out(model, optimizer)
    if not getattr(optimizer, "built", False):  # Keras's; ours see for themselves
        optimizer.build(trainable)
    operations = graph.get_operations()
    kinds = {operation.type: operation for operation in operations}
    own_gradient = SPARSE & kinds.keys() or any(map(_has_own_gradient, operations))
    if own_gradient or _plain(optimizer, {}) is None:
        graph = _trace(model, optimizer, shape, sizes, loss)
    variables = state(model, optimizer)
    known = {id(w.handle) for w in variables}
    hidden = [w for w in graph.variables if id(w.handle) not in known]
    model_checks.unlisted(hidden)
    variables += hidden
    places = {id(w.handle): place for place, w in enumerate(variables)}
    unique = [object() for kind in kinds.values() if _is_stateful(kind)]  # equal to nothing else
    signature = (
        tuple((tuple(w.shape), str(w.dtype)) for w in variables),
        tuple(places[id(w.handle)] for w in trainable),
        tuple(_captured(tensor, places) for tensor in graph.external_captures),
        _plain(optimizer, places),
        _canonical(graph.as_graph_def()),
        *unique,
    )
    return signature, variables


def logits(model, images, training, for_loss=True):
    """Returns the model's logits, float32 [n, classes], for images [n, ...]: for use in a trace.

    Raises ValueError if the model cannot take images of this shape, or returns something else;
    for_loss: also if an activation is what it ends in.
    """
    model_checks.pixels(model)
    n, shape = images.shape[0], tuple(images.shape)[1:]
    try:
        found = model(images, training=training)
    except Exception as error:  # whatever a model raises
        said = " ".join(str(error).split())[:300]
        raise ValueError(
            f"the model cannot take images of shape {_words(shape)}{_other(model, n, shape)}. "
            f"It says: {type(error).__name__}: {said}"
        ) from error
    expected = "expected logits, floats of shape [n, classes], one row for each image"
    try:
        values = tf.convert_to_tensor(found)
    except (TypeError, ValueError):
        raise ValueError(f"the model returns {checks.kind(found)}: {expected}") from None
    if not values.dtype.is_floating:
        raise ValueError(f"the model returns values of type {values.dtype.name}: {expected}")
    if not values.shape.is_compatible_with([n, None]) or values.shape[1:] == [1]:
        raise ValueError(
            f"for n = {n} images of shape {_words(shape)} the model returns shape "
            f"{tuple(values.shape)}: {expected}, and at least two classes"
            f"{_other(model, n, shape)}"
        )
    if for_loss:
        model_checks.end(values)
    return tf.cast(values, tf.float32)


def _words(shape):
    return f"[{', '.join(['n', *map(str, shape)])}]"


def _other(model, n, shape):
    """Returns words for another shape of images that the model would take, if one is found.

    Looks for images of as many pixels, square, flat or with a channel, and for MNIST's.
    """
    pixels = math.prod(shape)
    side = math.isqrt(pixels)
    square = [(side, side), (side, side, 1)] if side * side == pixels else []
    for other in dict.fromkeys([*square, (pixels,), (28, 28), (28, 28, 1), (784,)]):
        if other == shape:
            continue
        try:
            taken = model(tf.zeros([n, *other]), training=False).shape[0] == n
        except Exception:  # whatever a model raises
            continue
        if taken:
            write = f", write images.reshape({', '.join(['-1', *map(str, other)])})"
            one = ", and a single image as image[None]" if (n, *shape) == other else ""
            return f"; it takes {_words(other)}{write if math.prod(other) == pixels else ''}{one}"
    return ""


def schedule(optimizer, steps):
    """Raises ValueError if a schedule is over in half of these steps, or gives what is no rate."""
    rate = getattr(optimizer, "schedule", None) or getattr(optimizer, "_learning_rate", None)
    if not callable(rate):
        return
    first = int(optimizer.iterations)
    half, last = first + max(steps // 2 - 1, 0), first + steps - 1
    looked = {first, half, *(min(half + (last - half) * i // 8 + j, last) for i in range(9)
              for j in (0, 1)), *(first + (half - first) * i // 8 for i in range(8))}  # fmt: skip
    rates = {step: float(rate(tf.constant(step, tf.int64))) for step in sorted(looked)}
    for step, value in rates.items():
        checks.number(value, f"the learning rate that the schedule gives for step {step}", 0)
    if any(value for step, value in rates.items() if step >= half):
        return
    when = f"after {half - first} of these {steps} steps" if rates[first] else "for all that come"
    raise ValueError(
        f"the optimizer's schedule is over: it has taken {first} steps, {when} the learning rate "
        "is 0, and the weights would not change. Make a new optimizer, with a schedule for the "
        "steps to come; they are counted, and not epochs: epochs * ceil(n / batch_size)"
    )


class _MakesVariables(Exception):
    """The model makes variables while it is called, which a trace must not."""


def _call_once(model, shape, n, training):
    """Traces the model so that its layers make their variables, real ones."""
    call = tf.function(lambda x: logits(model, x, training), autograph=False)
    call.get_concrete_function(tf.TensorSpec([n, *shape], tf.float32))


def _trace(model, optimizer, shape, sizes, loss):
    """Returns one graph with the model at these sizes and the optimizer's learning rate.

    loss: if it is given, with the gradient, and the whole of the optimizer's update.
    """

    def refuse(*_, **__):
        raise _MakesVariables

    graph, variables = tf.__internal__.FuncGraph("step"), model.trainable_variables
    with graph.as_default(), tf.variable_creator_scope(refuse):
        for n, training in sizes:
            images = tf.compat.v1.placeholder(tf.float32, [n, *shape])
            if not (loss and training):
                logits(model, images, training)
                continue
            with tf.GradientTape() as tape:
                answers = logits(model, images, training)
                mean = tf.reduce_mean(loss(tf.zeros(n, tf.int32), answers))
            gradients = tape.gradient(mean, variables)
        captured = {id(tensor): place for place, tensor in enumerate(graph.external_captures)}
        used = [w for w in graph._watched_variables if id(w.handle) in captured]
        graph.variables = sorted(used, key=lambda w: captured[id(w.handle)])  # the model's, all
        if loss:
            optimizer.apply(gradients, variables)
        else:
            _trace_rate(optimizer)
    return graph


def _trace_rate(optimizer):
    try:
        tf.identity(optimizer.learning_rate)
    except Exception as error:  # whatever a schedule raises
        said = " ".join(str(error).split())[:200]
        raise ValueError(
            "the optimizer's schedule cannot be traced: expected a function of TensorFlow's "
            "operations, tf.where in place of if, tf.cos in place of math.cos. It says: "
            f"{type(error).__name__}: {said}"
        ) from None


def _plain(optimizer, places):
    """Returns what decides the update of one of our optimizers, beside its schedule; else None.

    Their code uses nothing but their attributes. To trace it would take the most time of all.
    """
    if type(optimizer).__module__ != "shared.optimizers":
        return None

    def plain(value):
        if isinstance(value, tf.Variable):
            return "variable", places.get(id(value.handle))
        if isinstance(value, list | tuple):
            return tuple(plain(part) for part in value)
        if isinstance(value, int | float | str | None):
            return type(value), repr(value)
        raise TypeError

    public = {name: x for name, x in vars(optimizer).items() if not name.startswith("_")}
    traced = public.pop("schedule", None) is not None
    try:
        return type(optimizer), traced, tuple((name, plain(x)) for name, x in public.items())
    except TypeError:
        return None


def _captured(tensor, places):
    """Returns what stands for a tensor from outside: a variable's place, or a constant's value."""
    if id(tensor) in places:
        return places[id(tensor)]
    if tensor.dtype in (tf.resource, tf.variant):
        return "resource", id(tensor)
    return tensor.dtype, tuple(tensor.shape), tensor.numpy().tobytes()


def _canonical(graph):
    """Returns the operations in order, without their names, as bytes."""
    number = {node.name: str(i) for i, node in enumerate(graph.node)}
    parts = []
    for node in graph.node:
        parts.append(node.op)
        for source in node.input:
            name, _, rest = source.lstrip("^").partition(":")
            parts.append(f"{source[0] == '^'} {number[name]} {rest}")
        for key in sorted(node.attr):
            if key not in ("_gradient_op_type", "_user_specified_name"):
                parts.append(key)
                parts.append(node.attr[key].SerializeToString(deterministic=True))
    for function in graph.library.function:  # their names are unique, so that nothing equals them
        parts.append(function.SerializeToString(deterministic=True))
    return tuple(parts)


def _has_own_gradient(operation):
    return "_gradient_op_type" in operation.node_def.attr


def _is_stateful(operation):
    name = operation.type
    return operation.op_def.is_stateful and "Variable" not in name and name not in HARMLESS
