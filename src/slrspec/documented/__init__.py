"""AWS as documented: moto, taught the rules of the RDS service-linked role.

`with documented_aws():` is used like `with mock_aws():`, and in its place. Nothing of moto is imported before that.
"""

from __future__ import annotations

from slrspec.documented.handle import DocumentedAws, documented_aws

__all__ = ["DocumentedAws", "documented_aws"]
