"""Why two numbers of one metric differ: for every option the name of the cause and a sentence."""

from __future__ import annotations

from typing import NamedTuple


class Cause(NamedTuple):
    """The word for a kind of difference, and what an option decides."""

    name: str
    sentence: str


DRAWS, GRID, EPSILON, BLUR = "random draws", "threshold grid", "epsilon", "blur"
DUPLICATES, NEGATIVES, NORMALISATION = "duplicates", "negatives", "normalisation"
BASELINE, TRANSPORT, TRUTH = "baseline", "transport grid", "truth"
CURVE = "perturbation"
THRESHOLD, COMPONENTS, OVERLAP = "threshold", "components", "overlap"

OPTIONS = {  # by full name: of metrics, and of the fields below them
    "ties": Cause("ties", "pixels of equal value follow each other in some order, or share what they score"),
    "negatives": Cause(NEGATIVES, "fixations are compared with all pixels, or with those without a fixation"),
    "duplicates": Cause(DUPLICATES, "several fixations on one pixel count once, or each of them"),
    "law": Cause(DRAWS, "the noise that breaks ties is uniform or normal"),
    "seed": Cause(DRAWS, "another seed draws other numbers"),
    "splits": Cause(DRAWS, "negatives are drawn at random, or replaced by their expectation"),
    "draws": Cause(DRAWS, "how many negatives one split draws"),
    "constant": Cause("constant maps", "a map of one value scores chance, or nothing"),
    "estimator": Cause(GRID, "the curve has points at a few thresholds only, or at every value"),
    "step": Cause(GRID, "how far the thresholds of the curve are apart"),
    "top": Cause(GRID, "the curve has a threshold at the maximum of the map, or none"),
    "ddof": Cause("ddof", "the variance is divided by the number of pixels, or by one less"),
    "normalise": Cause(NORMALISATION, "maps start at their minimum before they are divided by their sum, or not"),
    "form": Cause(EPSILON, "where the small number stands that keeps the logarithm of zero finite, if anywhere"),
    "eps": Cause(EPSILON, "the small number that keeps the logarithm of zero finite"),
    "floor": Cause(EPSILON, "the small number that is added to every pixel of both maps"),
    "negative": Cause("negative values", "negative values of a map are moved up, cut, or kept"),
    "cell": Cause(TRANSPORT, "the width of the cells between which mass is moved"),
    "unit": Cause(TRANSPORT, "distances are counted in cells, or in pixels"),
    "rule": Cause(THRESHOLD, "the rule that says which pixels of a map are kept"),
    "alpha": Cause(THRESHOLD, "how high the threshold of the rule is: given, or the best for the data set"),
    "strict": Cause(THRESHOLD, "pixels at the threshold are left out, or kept"),
    "component": Cause(COMPONENTS, "a box is of all that is kept, of its largest component, or of each"),
    "connectivity": Cause(COMPONENTS, "pixels that touch at a corner are connected, or not"),
    "version": Cause(COMPONENTS, "the largest component at one overlap, or any component at three"),
    "iou": Cause(OVERLAP, "how far boxes must overlap"),
    "strict_iou": Cause(OVERLAP, "an overlap of exactly the limit is a miss, or a hit"),
    "empty": Cause("empty maps", "a map that keeps no pixel has no box, or that of the whole image"),
    "sign": Cause("negative values", "negative values count as they are, as nothing, or as their size"),
    "tolerance": Cause("tolerance", "how far from the object a point may lie"),
    "average": Cause("average", "the mean is over images, or over classes of the means of their images"),
    "a_min": Cause("least area", "the area below which a smaller crop earns nothing"),
    "tau": Cause("level", "which probability is enough, or one less it too little"),
    "relative": Cause("level", "probabilities are compared with that of the whole image, or with one"),
    **{
        f"{name}.{option}": Cause(CURVE, sentence.format(what))
        for name, what in (("insertion_curve", "pixels are put in"), ("deletion_curve", "pixels are taken away"))
        for option, sentence in (
            ("step", "how many pixels change at a time while {}"),
            ("label", "while {}, the class of the truth is followed, or the predicted one"),
            ("substrate", "a blurred image or one colour stands where nothing is shown while {}"),
            ("blur", "which kernel blurs what is not shown while {}"),
            ("sigma", "the width of the Gaussian that blurs what is not shown while {}"),
        )
    },
    "density.source": Cause(BLUR, "fixations are blurred here, or the data set's own blurred map is read"),
    "density.border": Cause(BLUR, "the kernel that blurs fixations, and what it does at the border"),
    "density.sigma": Cause(BLUR, "the width of the Gaussian that blurs fixations"),
    "density.truncate": Cause(BLUR, "where the Gaussian that blurs fixations is cut"),
    "density.fc": Cause(BLUR, "the cut-off frequency of the kernel that blurs fixations"),
    "density.duplicates": Cause(DUPLICATES, "several fixations on one pixel are blurred once, or each of them"),
    "density.normalise": Cause(NORMALISATION, "the blurred map is scaled before it is compared, or not"),
    "other_images.others": Cause(NEGATIVES, "fixations of a few other images are the negatives, or of all"),
    "other_images.seed": Cause(NEGATIVES, "another seed draws other images, whose fixations are the negatives"),
    "other_fixations.other_duplicates": Cause(
        NEGATIVES, "a pixel that is fixated in several other images is one negative, or several"
    ),
    "other_fixations.exclude_own": Cause(NEGATIVES, "pixels that are fixated here are no negatives, or they are"),
    "other_fixations.rescale": Cause(NEGATIVES, "how fixations of images of another size are brought to this one"),
    "baseline.model": Cause(BASELINE, "the map over which information is gained"),
    "baseline.sigma": Cause(BASELINE, "the width of the Gaussian that blurs the centre bias"),
    "baseline.mix": Cause(BASELINE, "the share of a uniform map in the centre bias"),
}  # fmt: skip

CONTEXT = {  # what a signature says beside the options
    "kind": Cause("kind of values", "values are read as a map, a density, or the logarithm of one"),
    "frame": Cause("frame", "the part of the image that is scored, and its size"),
    "classifier": Cause("classifier", "another network looked at the images"),
    "subset": Cause(TRUTH, "all images are scored, or those that the classifier knows"),
    "densities": Cause(TRUTH, "the data set's own blurred maps differ"),
    "observers": Cause(TRUTH, "each observer is scored under the map of the others, or all under one"),
    "resize": Cause("resize", "by which rule maps of another size are brought to that of the image"),
    "missing": Cause("missing maps", "images without a map are scored as constant, or left out"),
    "n": Cause("aggregation", "the mean is taken over another number of images"),
}
