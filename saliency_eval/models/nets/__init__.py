"""Models of images as batched functions in torch, one module for each; importing one imports torch."""
