"""Takes the steps of a training run that `ptame train --export-step` wrote, on several workers together."""
