def without_silent(W1, b1, W2, silent_units):
    """The same two layers with the silent units cut out; silent_units: bool [units of layer 1].

    Unit k is column k of W1, number k of b1 and row k of W2. Its activation is always 0, so that
    row k adds nothing to the second layer and all three can go.
    """
    active = ~silent_units
    return W1[:, active], b1[active], W2[active]
