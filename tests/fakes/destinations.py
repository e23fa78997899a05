"""The vendors that audiences can be sent to, as fakes with a memory: type → class."""

from tests.fakes.braze_destination import Braze
from tests.fakes.customerio_destination import Customerio
from tests.fakes.hubspot_destination import Hubspot
from tests.fakes.klaviyo_destination import Klaviyo
from tests.fakes.mailchimp_destination import Mailchimp
from tests.fakes.salesforce_destination import Salesforce

VENDORS = {vendor.kind: vendor for vendor in (Braze, Customerio, Hubspot, Klaviyo, Mailchimp, Salesforce)}
