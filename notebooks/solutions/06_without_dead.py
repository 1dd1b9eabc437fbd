def without_dead(W1, b1, W2, dead):
    """The same two layers with the dead units cut out; dead: bool [units of layer 1].

    Unit k is column k of W1, number k of b1 and row k of W2. Its activation is always 0, so that
    row k adds nothing to the second layer and all three can go.
    """
    return W1[:, ~dead], b1[~dead], W2[~dead]
