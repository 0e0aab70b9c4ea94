"""Pages to look at: runs side by side with their images, and one image with what each metric saw of it."""

from saliency_eval.report.image import Explained, explain
from saliency_eval.report.runs import report_page

__all__ = ["Explained", "explain", "report_page"]
