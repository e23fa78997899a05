"""`python -m orchestration.dbt`: parse the dbt project, if it was not parsed as it is now; what `make setup` ends with.

A first night would else begin with that, which takes dbt longer than anything else before the first step.
"""

import sys

from orchestration.dbt.project import DbtError, manifest_path

if __name__ == "__main__":
    try:
        manifest_path()
    except DbtError as error:
        sys.exit(str(error))
