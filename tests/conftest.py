"""Examples that hypothesis makes are the same in every run of the suite; a soak looks for new ones."""

from __future__ import annotations

import os

from hypothesis import Phase, settings

settings.register_profile("same", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
settings.register_profile("new")
settings.load_profile("new" if os.environ.get("GUERDON_SOAK") or os.environ.get("GUERDON_EXAMPLES") else "same")
