"""Explains images with a file of `ptame models export`, spread over a Ray cluster; training is in `ptame_ray.training`."""

from .explain import Explainer, explain_dataset
from .files import names_done, read_images
from .whole_images import with_crop

__all__ = ["Explainer", "explain_dataset", "names_done", "read_images", "with_crop"]
