"""The floors of the package, and what may not be imported before it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import saliency_eval as se

PACKAGE = Path(__file__).resolve().parent.parent / "saliency_eval"
FLOORS = [
    ("errors", "pool", "profiling", "counting", "sums", "versions"),
    ("options", "escape", "disk", "formats", "notebook", "causes", "recorded"),
    ("core", "check"),
    ("maps", "classifiers"),
    ("resize", "variant", "regions", "randomisation"),
    ("fields",),
    ("metrics", "datasets"),
    ("protocols", "predictions", "stats", "executors"),
    ("run", "scored", "signatures"),
    ("journal", "findings"),
    ("tasks", "models"),
    ("classified",),
    ("scoring", "store", "saved", "golden"),
    ("boards", "checking", "citing", "side_by_side", "pinned"),
    ("pages",),
    ("exports", "comparison"),
    ("report",),
    ("demo",),
    ("cli", "pytest_plugin"),
    ("__main__",),
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
HEAVY = (
    "numpy",
    "pandas",
    "scipy",
    "sklearn",
    "matplotlib",
    "h5py",
    "pooch",
    "joblib",
    "torch",
    "PIL",
    "dask",
    "distributed",
)


def room(module):
    return module.split(".")[1] if "." in module else "__init__"


FOR_TYPES = {("run", "journal")}  # what annotations alone name


def imports(path):
    """Modules of the package that a file imports, in functions too; with each, whether it is for annotations alone."""
    tree = ast.parse(path.read_text())
    checked = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    typing = {inner for node in checked for one in node.body for inner in ast.walk(one)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("saliency_eval"):
            names = [f"saliency_eval.{a.name}" for a in node.names] if node.module == "saliency_eval" else []
            yield from ((module, node in typing) for module in names or [node.module])
        elif isinstance(node, ast.Import):
            yield from ((a.name, node in typing) for a in node.names if a.name.startswith("saliency_eval."))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_downward(path):
    relative = path.relative_to(PACKAGE)
    own = relative.parts[0].removesuffix(".py")
    if own == "__init__":
        return
    for module, for_types in imports(path):
        other = room(module)
        if other in ("__version__", "__init__", own) or (for_types and (own, other) in FOR_TYPES):
            continue
        if other not in FLOOR:  # a public name, which the package finds in its module
            other = room(se._LAZY[other][0])
        assert FLOOR[other] <= FLOOR[own], f"{relative} imports {module}, which is on a higher floor"


def test_imports_in_functions_are_seen(tmp_path):
    text = "def f():\n    from saliency_eval import cli\n    import saliency_eval.report.runs\n"
    text += "if TYPE_CHECKING:\n    from saliency_eval.demo import Demo\n"
    (tmp_path / "x.py").write_text(text)
    assert sorted(imports(tmp_path / "x.py")) == [
        ("saliency_eval.cli", False), ("saliency_eval.demo", True), ("saliency_eval.report.runs", False)
    ]  # fmt: skip


def test_every_module_has_a_floor():
    rooms = {
        p.name.removesuffix(".py")
        for p in PACKAGE.iterdir()
        if p.suffix == ".py" or (p / "__init__.py").exists()
    }
    assert rooms - {"__init__"} == set(FLOOR)


def loaded_after(code):
    """Heavy packages that are loaded once the code has run in a fresh interpreter."""
    probe = f"{code}\nimport sys\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    return ast.literal_eval(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["score", "--help"],
        ["data", "--help"],
        ["leaderboard", "build", "--help"],
        ["compare", "--help"],
        ["cite", "--help"],
        ["--version"],
        ["scor"],
        ["score", "x", "--dta", "y"],
    ],
    ids=" ".join,
)
def test_help_and_usage_errors_import_nothing_heavy(arguments):
    run = (
        "import sys, contextlib, io, saliency_eval.cli as c\n"
        f"sys.argv = ['saliency-eval', *{arguments!r}]\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):\n"
        "    try: c.main()\n"
        "    except SystemExit: pass"
    )
    assert loaded_after(run) == []


def test_the_package_imports_numpy_at_most():
    assert loaded_after("import saliency_eval") == []


def test_scoring_here_does_not_import_dask():
    assert "distributed" not in loaded_after(
        "import saliency_eval as se\nse.score('model:uniform', 'demo', ['nss'])"
    )
    assert set(loaded_after("import saliency_eval as se; se.metrics.nss")) <= {"numpy"}


def test_every_module_can_be_imported_where_unix_is_absent():
    """But the helper, which runs where there is a `resource` module or not at all, and what imports torch."""
    lacking = {
        "os": ["O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "fork", "register_at_fork", "pread", "killpg"],
        "signal": ["pthread_sigmask", "SIG_BLOCK", "SIGPROF", "SIGALRM", "SIGKILL", "setitimer"],
    }
    modules = sorted(
        ".".join(p.relative_to(PACKAGE.parent).with_suffix("").parts)
        for p in PACKAGE.rglob("*.py")
        if p.stem not in ("__init__", "__main__")
        and p != PACKAGE / "predictions" / "helper.py"
        and p.parent != PACKAGE / "models" / "nets"
    )
    run = (
        "import importlib, os, signal, sys\n"
        "for name in ('resource', 'fcntl', 'pwd', 'grp'): sys.modules[name] = None\n"
        f"for module, names in {lacking!r}.items():\n"
        "    for name in names: delattr(sys.modules[module], name)\n"
        f"for name in {modules!r}: importlib.import_module(name)"
    )
    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("limit", [310])
def test_files_stay_short(limit):
    long = {
        str(p.relative_to(PACKAGE)): n
        for p in PACKAGE.rglob("*.py")
        if (n := len(p.read_text().splitlines())) > limit
    }
    assert set(long) == set(), long
