"""The example company as its vendors hold it: HubSpot its contacts, Stripe its billing, Typeform its surveys, files the rest."""
