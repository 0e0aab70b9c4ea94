"""`python -m saliency_eval`: the same as `saliency-eval`."""

from saliency_eval.cli import main

main()
