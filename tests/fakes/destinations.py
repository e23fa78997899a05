"""The vendors that audiences can be sent to, as fakes with a memory: type → class."""

from tests.fakes.hubspot_destination import Hubspot

VENDORS = {vendor.kind: vendor for vendor in (Hubspot,)}
