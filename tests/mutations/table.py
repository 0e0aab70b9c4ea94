"""What is planted: one change of the source each, and the tests that must go red."""

from typing import NamedTuple


class Mutation(NamedTuple):
    """A text that stands once in a file of the package, what takes its place, and the test files that must notice."""

    file: str
    text: str
    planted: str
    what: str
    tests: tuple[str, ...]


PLAIN, PROPERTIES, ORACLE = (
    f"tests/metrics/test_{name}.py" for name in ("against_plain_code", "properties", "oracle")
)


def m(file: str, text: str, planted: str, what: str, *tests: str) -> Mutation:
    """A mutation."""
    return Mutation(file, text, planted, what, tests)


# fmt: off
MUTATIONS = [
    # ------------------------------------------------------------------ metrics
    m("metrics/roc.py", "(below + equal / 2) / negatives", "(below + equal) / negatives",
      "ties of the exact AUC count whole", PLAIN),
    m("metrics/roc.py", "passed = 1 + np.cumsum(", "passed = np.cumsum(",
      "the first fixation of the sequential ROC does not move the false positives back", PLAIN),
    m("metrics/roc.py", "equal[last] * lowest / (lowest + 1)", "equal[last] * lowest / (lowest + 2)",
      "the tie term of AUC-Judd has another denominator", PLAIN),
    m("metrics/roc.py", "return below - own_below, equal - own_equal, saliency.size - len(pixels)",
      "return below, equal, saliency.size", "fixated pixels are negatives too", PLAIN),
    m("metrics/grid.py", "np.arange(int(1 / step + 1e-9) + 1) * step", "np.arange(int(1 / step + 1e-9)) * step",
      "the grid of AUC-Borji lacks its last threshold", PLAIN),
    m("metrics/grid.py", '(saliency.high - saliency.low), "right")', '(saliency.high - saliency.low), "left")',
      "a value at a threshold does not reach it", PLAIN),
    m("metrics/grid.py", "rng.choice(points, size, replace=False)", "rng.choice(points, size, replace=True)",
      "negatives are drawn with replacement", PLAIN, PROPERTIES),
    m("metrics/fixation.py", "ddof: Literal[1, 0] = 1", "ddof: Literal[1, 0] = 0",
      "the default ddof of NSS is 0", PLAIN, PROPERTIES),
    m("metrics/fixation.py", "- np.log2(eps + b)", "- np.log2(b)", "IG adds its eps to one map only", PLAIN),
    m("maps.py", "self.moments.squares / (self.size - ddof)", "self.moments.squares / self.size",
      "the ddof of NSS is ignored", PLAIN),
    m("maps.py", '"negative": min(self.low, 0.0)', '"negative": self.low',
      "maps without negative values are shifted as well", PLAIN),
    m("metrics/density.py", "BITS = 2.0**-52", "BITS = 2.0**-48", "the eps of KL is another one", PLAIN, PROPERTIES),
    m("metrics/density.py", "(-(-n // cell) for n in density.shape)", "(n // cell for n in density.shape)",
      "the last cells of EMD are left out", PLAIN),
    m("metrics/declare.py", 'return chance if constant == "chance" else float("nan")', "return chance",
      "a constant map scores chance unasked", PLAIN, PROPERTIES),
    m("metrics/declare.py", "check.same_shape(saliency.shape, given[name].shape, name)", "pass",
      "map and truth may differ in size", "tests/test_scoring.py"),
    # ------------------------------------------------------------------ fields
    m("pool.py", "keys = keys[new]", "keys = keys[:]", "fixations on one pixel are kept under unique",
      "tests/test_fields.py", PLAIN),
    m("fields/__init__.py", "np.delete(np.arange(len(pool.ids)), pool.number[id])", "np.arange(len(pool.ids))",
      "the own fixations are among those of others", "tests/test_fields.py"),
    m("fields/others.py", "points * np.array(target) // np.array(source)",
      "(points * np.array(target) + np.array(source) // 2) // np.array(source)",
      "points of another size are rounded, not floored", "tests/test_fields.py"),
    m("fields/gaussian.py", "radius = int(truncate * sigma + 0.5)", "radius = int(truncate * sigma + 0.5) - 1",
      "the kernel ends a pixel early", "tests/test_fields.py"),
    m("fields/gaussian.py", "period * np.sqrt(2 * np.log(2)) / (2 * np.pi * fc)",
      "period * np.sqrt(2 * np.log(2)) / (2.0001 * np.pi * fc)",
      "a constant of the kernel of the MIT benchmark is off by 0.005 %", "tests/test_fields.py"),
    m("fields/gaussian.py", "[here, 2 * self.n + 1 + centres]", "[here, 2 * self.n + centres]",
      "the mirror stands half a pixel away", "tests/test_fields.py"),
    m("fields/centre_bias.py", "0.0 if alone else self._all.total - self._own.total",
      "0.0 if alone else self._all.total", "the centre bias does not sum to one", "tests/test_baselines.py"),
    m("core.py", "rng=generator(text, fields.id)", "rng=generator(text)",
      "every image draws the same numbers", "tests/test_core.py", PROPERTIES),
    # ------------------------------------------------------------------ resize
    m("resize.py", "near = 1.5 * x**3 - 2.5 * x**2 + 1", "near = 1.5 * x**3 - 2.49 * x**2 + 1",
      "a constant of the cubic kernel is another one", "tests/test_resize.py"),
    m("resize.py", "centre = (np.arange(n_out) + 0.5) / s - 0.5", "centre = np.arange(n_out) / s",
      "pixels are aligned at their corners", "tests/test_resize.py"),
    m("resize.py", "2 * n_in - 1 - taps % (2 * n_in)", "2 * n_in - 2 - taps % (2 * n_in)",
      "the mirror at the border is a pixel off", "tests/test_resize.py"),
    # ------------------------------------------------------------------ sums in C
    m("sums/sums.c", "0.693147180559945309417", "0.693147180559945209417",
      "a constant of the logarithm is off by 1e-16", "tests/test_sums.py"),
    m("sums/sums.c", "for (; i < end; i++) table[0][v[i]]++;", "",
      "the last pixels of a histogram are left out", "tests/test_sums.py"),
    m("sums/sums.c", "least(WIDE, width - x) * sizeof(double)", "least(WIDE, width - x - 1) * sizeof(double)",
      "the last column of a density is not written", "tests/test_sums.py"),
    m("sums/typed.h", "if (edges[middle] <= u[j])", "if (edges[middle] < u[j])",
      "a value at an edge does not reach it", "tests/test_sums.py"),
    m("sums/typed.h", "weight[j] + floor > 0 ? log(signless(x, size)) : 0", "log(signless(x, size))",
      "pixels without weight meet the logarithm of 0", "tests/test_sums.py"),
    m("sums/typed.h", "sum[0] += one < other ? one : other;", "sum[0] += one;",
      "the last pixels of SIM are those of one map", "tests/test_sums.py"),
    # ------------------------------------------------------------------ protocols, options, runs
    m("protocols.py", "kld(form=inside,eps=2.2204e-16,negative=shift)", "kld(form=inside,eps=2.2e-16,negative=shift)",
      "the eps of a protocol is another one", "tests/test_protocols.py"),
    m("options.py", "limits.low <= number <= limits.high", "limits.low < number <= limits.high",
      "the lower end of a range is refused", "tests/test_core.py", "tests/test_maps.py", PLAIN),
    m("signatures.py", 'before["observers"] = f"left-out#{hash_of_observers(data)}"', "pass",
      "the signature does not say that observers were left out", "tests/test_scoring.py"),
    m("scoring.py", "complete = limit is None and not", "complete = not",
      "a part of the images is a complete run", "tests/test_scoring.py"),
    m("tasks.py", "math.fsum(column) / len(rows)", "max(column)",
      "of several observers the best counts", "tests/test_scoring.py"),
    m("store.py", "mtime=0", "mtime=None", "saved scores hold the time",
      "tests/test_saved.py", "tests/test_scoring.py"),
    m("journal.py", 'record.pop("crc32") != checksum(record) or', 'record.pop("crc32") is None or',
      "the checksum of the journal is not looked at", "tests/test_resume.py"),
    m("journal.py", 'for name in ("shape", "fixations", "observers")', 'for name in ("shape", "observers")',
      "changed fixations leave old values as they are", "tests/test_resume.py"),
    # ------------------------------------------------------------------ guards, escapes
    m("check.py", "outside = ((whole < 0) | (whole >= np.array(shape))).any(1)",
      "outside = (whole >= np.array(shape)).any(1)", "negative pixels wrap around", "tests/test_scoring.py"),
    m("predictions/folder.py", "if os.path.commonpath([os.path.realpath(root), target]) != os.path.realpath(root):",
      "if False:", "links may lead out of the folder",
      "tests/predictions/test_folders.py"),
    m("predictions/values.py", "if not (math.isfinite(low) and math.isfinite(high)):", "if False:",
      "NaN in a map is not refused", "tests/predictions/test_arrays.py"),
    m("escape.py", '"~": r"\\textasciitilde{}",', "", "a tilde is a command of LaTeX", "tests/test_exports.py"),
    m("escape.py", r"\[\]<>&#|", r"\[\]&#|",
      "a name may hold HTML in Markdown", "tests/test_exports.py"),
    m("notebook.py", "html.escape(shown(cell, limit))", "shown(cell, limit)",
      "a name may hold HTML in a notebook", "tests/test_notebook.py"),
    # ------------------------------------------------------------------ what differs, and by how much
    m("recorded.py", "self.got - self.recorded", "self.recorded - self.got",
      "differences from recorded numbers have the wrong sign", "tests/test_golden.py"),
    m("recorded.py", "rel_tol=tolerance, abs_tol=tolerance", "rel_tol=tolerance, abs_tol=1e-3",
      "recorded numbers are compared less strictly", "tests/test_recorded.py"),
    m("pinned.py", "if not different(folder, new, tolerance):", "if different(folder, new, tolerance):",
      "records that differ are not written anew", "tests/test_pytest_plugin.py"),
    m("side_by_side.py", "math.isfinite(end - start) else end - start", "math.isfinite(end - start) else start - end",
      "causes have the wrong sign", "tests/test_side_by_side.py"),
    m("side_by_side.py", "reached = end if len(changes) == 1 else", "reached = end if changes else",
      "each of several causes is said to do all", "tests/test_side_by_side.py"),
    # ------------------------------------------------------------------ statistics
    m("stats/intervals.py", "bias = normal.inv_cdf(float(below))", "bias = -normal.inv_cdf(float(below))",
      "the bias of BCa has the wrong sign", "tests/test_stats.py"),
    m("stats/intervals.py", "bias + z / (1 - acceleration * z)", "bias + z / (1 + acceleration * z)",
      "the acceleration of BCa has the wrong sign", "tests/test_stats.py"),
    m("stats/bootstrap.py", 'generator(*seed, "bootstrap", n)', 'generator("bootstrap", n)',
      "the resamples do not depend on the data", "tests/test_stats.py"),
    m("stats/flips.py", "steps = np.arange(len(order), 0, -1)", "steps = np.arange(1, len(order) + 1)",
      "Holm takes the p-values in the wrong order", "tests/test_stats_flips.py"),
    m("stats/flips.py", "np.maximum.accumulate(p[order] * steps)", "p[order] * steps",
      "p after Holm may fall below that of a smaller one", "tests/test_stats_flips.py"),
    m("stats/flips.py", "(count + 1) / (flips + 1)", "count / flips", "a p-value may be 0",
      "tests/test_stats_flips.py"),
    m("stats/flips.py", "max(FEWEST, EACH * models * (models - 1) // 2)", "FEWEST",
      "the number of flips does not grow with the pairs", "tests/test_stats_flips.py"),
    m("stats/flips.py", "np.abs(totals[:, None] - totals) - slack", "np.abs(totals[:, None] - totals) + slack",
      "flips that are as far as what was observed do not count", "tests/test_stats_flips.py"),
    m("stats/ranks.py", "signed = means if higher else -means", "signed = means",
      "the highest is the best, whatever the metric", "tests/test_stats_ranks.py"),
    m("stats/ranks.py", "1 + better + (equal - 1) / 2", "1 + better", "ties share the best of their ranks",
      "tests/test_stats_ranks.py"),
    m("stats/ranks.py", "if not found or stop > found[-1].stop:", "if True:", "groups lie within groups",
      "tests/test_stats_ranks.py"),
    m("stats/signed_ranks.py", "2 * ways[far:].sum() / 2.0", "ways[far:].sum() / 2.0",
      "the exact p of Wilcoxon is one-sided", "tests/test_stats_flips.py"),
    m("stats/pairs.py", "better = differences if higher else -differences", "better = differences",
      "wins are losses where less is better", "tests/test_stats_flips.py", "tests/test_comparison.py"),
    # ------------------------------------------------------------------ comparisons, boards, pages
    m("comparison/result.py", 'ahead = differences if self.better == "higher" else -differences', "ahead = differences",
      "the images that decide are those of the other model where less is better", "tests/test_comparison.py"),
    m("boards/alike.py", '"\\n".join([run.data.sha256, *lines, images(run)])', '"\\n".join([*lines, images(run)])',
      "runs on other data of one name are ranked together", "tests/test_boards.py", "tests/test_boards_document.py"),
    m("boards/alike.py", '"\\n".join([run.data.sha256, *lines, images(run)])', '"\\n".join([run.data.sha256, *lines])',
      "runs that count other images are ranked together", "tests/test_boards.py", "tests/test_boards_document.py"),
    m("boards/tested.py", "pair.p_holm < ALPHA", "pair.p < ALPHA", "groups do without Holm",
      "tests/test_boards.py", "tests/test_boards_document.py"),
    m("boards/samples.py", "-self.mean(k) if higher else self.mean(k)", "-self.mean(k)",
      "groups follow the wrong order where less is better", "tests/test_boards.py", "tests/test_boards_document.py"),
    m("boards/describe.py", " if apart else None", "",
      "scores are normalised by a ceiling below the floor", "tests/test_boards_document.py"),
    m("boards/describe.py", "sign = 1 if board.is_higher(a) == board.is_higher(b) else -1", "sign = 1",
      "metrics of two directions seem to disagree", "tests/test_boards_document.py"),
    m("exports/markdown.py", "return [row.rank, markdown(row.model),", "return [row.rank, row.model,",
      "a model may hold markup in Markdown", "tests/test_exports.py"),
    m("exports/latex.py", "else row.rank, latex(row.model),", "else row.rank, row.model,",
      "a model may hold a command in LaTeX", "tests/test_exports.py"),
    m("exports/verify.py", "if want != got:", "if False:", "verify looks at no file", "tests/test_boards_verify.py"),
    m("pages/page.py", "autoescape=True", "autoescape=False", "names are markup on pages", "tests/test_pages.py"),
    m("pages/page.py", "f\"default-src 'none'; img-src data:;", "f\"default-src *; img-src data:;",
      "pages may load from anywhere", "tests/test_pages.py"),
]
# fmt: on
