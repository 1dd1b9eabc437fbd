"""What notebook 07 teaches, made wrong."""

TWO_RATES = {"RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)": "RATES = (0.003, 0.3)"}

MUTATIONS = [
    {
        "wrong": "the loss takes the first model's logits for probabilities",
        "replace": {"from_logits=True, seed=SEED": "from_logits=False, seed=SEED"},
        "cells": ["after three epochs at least 95 %", "evaluate and our formulas agree"],
    },
    {
        "wrong": "the subclass does not rescale the pixels",
        "replace": {
            "self.flatten(self.rescale(images))": "self.flatten(tf.cast(images, tf.float32))"
        },
        "cells": ["all forms compute the same logits"],
        "budget": {"batch_size=500, epochs=3,": "batch_size=500, epochs=1,"},
    },
    {
        "wrong": "in our train_step the smaller last batch counts as much as the others",
        "replace": {"update_state(loss, sample_weight=tf.shape(images)[0])": "update_state(loss)"},
        "cells": ["with tanh and GELU, the same or slightly changed weights"],
    },
    {
        "wrong": "the run from other weights has the same ones",
        "replace": {"SEED + 100 if": "SEED if"},
        "cells": ["with tanh and GELU, the same or slightly changed weights"],
    },
    {
        "wrong": "the loss from the logits takes them for probabilities",
        "replace": {"Loss(from_logits=True, reduction=None)": "Loss(reduction=None)"},
        "cells": ["the first two losses are exact", "where the loss is clipped, its gradient"],
    },
    {
        "wrong": "the clipped loss is not clipped",
        "replace": {"1.0 * softmax(z)": "softmax(z)"},
        "cells": ["the first two losses are exact", "where the loss is clipped, its gradient"],
    },
    {
        "wrong": "the networks said to lack from_logits=True have it",
        "replace": {"from_logits=from_logits, seed=seed)": "from_logits=True, seed=seed)"},
        "cells": ["logits taken for probabilities cost"],
        "budget": TWO_RATES,
    },
    {
        "wrong": "early stopping does not restore the best weights",
        "replace": {"restore_best_weights=True": "restore_best_weights=False"},
        "cells": ["have the lowest validation loss of the run"],
    },
    {
        "wrong": "the resumed training does not find the backup",
        "replace": {
            'train(resumed, callbacks=[keras.callbacks.BackupAndRestore(folder / "backup")])': (
                'train(resumed, callbacks=[keras.callbacks.BackupAndRestore(folder / "empty")])'
            )
        },
        "cells": ["train(resumed, callbacks", "the resumed run ends with the weights"],
    },
]
