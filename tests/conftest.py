"""What every test shares: no display, no person's settings, one thread a worker, and the sizes of property tests."""

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

# Before Qt, torch or platformdirs is imported anywhere: they read these once.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["NETWRIGHT_LANG"] = "en"  # whatever the language of whoever runs them
if "PYTEST_XDIST_WORKER" in os.environ:
    # Two workers with as many threads each as there are cores would only wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Settings, recent files and the block library of whoever runs the tests stay as they are.
_home = tempfile.TemporaryDirectory(prefix="netwright-tests-", ignore_cleanup_errors=True)
for _name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
    _folder = Path(_home.name, _name.lower())
    _folder.mkdir()
    os.environ[_name] = str(_folder)

# Examples take as long as the machine lets them: no deadlines. `ci` finds the same on every run.
_slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", max_examples=30, derandomize=True, deadline=None, suppress_health_check=_slow)
settings.register_profile("soak", max_examples=2000, deadline=None, suppress_health_check=_slow, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
