"""A small HubSpot account."""

from examples.fakes.hubspot import HubspotAccount, iso


def small_account() -> HubspotAccount:
    """Four contacts: one of a company, one opted out, one archived, one merged into the first."""
    account = HubspotAccount()
    account.put("companies", "50", name="Acme", industry="SOFTWARE", numberofemployees="120")
    account.put("contacts", "1", email="ann@example.org", firstname="Ann", lastname="A", hubspot_owner_id="7", country="DE")
    account.put("contacts", "1", links={"companies": ["50"]})
    account.put("contacts", "2", email="bo@example.org", firstname="Bo", hs_email_optout="true", phone="+49 30 123456")
    account.put("contacts", "3", email="cy@example.org")
    account.put("contacts", "4", email="ann2@example.org")
    account.archive("contacts", "3")
    account.merge("4", into="1")
    account.statuses["ann@example.org"] = [{"status": "SUBSCRIBED", "timestamp": iso(account.clock)}]
    account.put("calls", "10", links={"contacts": ["1", "2"]}, hs_timestamp=iso(account.clock), hs_call_direction="INBOUND")
    account.put("emails", "11", links={"contacts": ["2"]}, hs_timestamp=iso(account.clock), hs_email_direction="EMAIL")
    account.put("tickets", "20", links={"contacts": ["1"]}, subject="Broken", hs_pipeline_stage="1", closed_date=iso(account.clock + 5000))
    account.put("tickets", "21", links={"contacts": ["2"]}, subject="Slow", hs_pipeline_stage="1")
    account.put("feedback_submissions", "30", links={"contacts": ["1"]}, hs_survey_type="NPS", hs_value="9", hs_content="Good")
    for number, kind in enumerate(("SENT", "DELIVERED", "OPEN")):
        event = {"id": f"e{number}", "created": account.clock, "type": kind, "recipient": "Bo@example.org", "emailCampaignId": 5}
        account.events.append(event)
    return account
