"""What an installation adds to the files of the package: the sums, compiled where there is a C compiler."""

import runpy
import sysconfig
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILD = Path(__file__).with_name("saliency_eval") / "sums" / "build.py"


class CompiledSums(BuildHookInterface):
    """Compile the sums; a wheel that holds them is for this platform."""

    def initialize(self, version, build_data):
        if self.target_name != "wheel":
            return
        library = runpy.run_path(str(BUILD))["compile_library"]()
        if library is None:
            self.app.display_warning(
                "no C compiler: the sums over pixels will be made by numpy, several times slower"
            )
            return
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"
        build_data["force_include"][str(library)] = f"saliency_eval/sums/{library.name}"
