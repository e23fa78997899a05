"""What Acme sells, to whom, and with which actions: every constant of the example. Data only.

Money is in minor units (cents) of the named currency.
"""

from __future__ import annotations

import numpy as np

CURRENCIES = ("USD", "EUR", "GBP")
FIRST_RATES = {"EUR": 1.06, "GBP": 1.22}  # US dollars for one unit, four months before the first month

# country, currency, calling code, language, value-added tax in percent, share of customers
COUNTRIES = (
    ("US", "USD", "1", "en", 0, 0.42),
    ("CA", "USD", "1", "en", 0, 0.06),
    ("GB", "GBP", "44", "en", 20, 0.17),
    ("DE", "EUR", "49", "de", 19, 0.15),
    ("AT", "EUR", "43", "de", 20, 0.03),
    ("FR", "EUR", "33", "fr", 20, 0.09),
    ("ES", "EUR", "34", "es", 21, 0.08),
)
REGIONS = ("North", "South", "East", "West")
INDUSTRIES = ("software", "retail", "manufacturing", "health", "education", "consulting", "hospitality")
COMPANY_SIZES = ("1", "2-9", "10-49", "50-249", "250+")
SIZE_SHARES = (0.30, 0.34, 0.22, 0.10, 0.04)
SIZE_SEATS = (1, 4, 12, 35, 90)  # median seats
ACQUISITION_CHANNELS = ("organic", "paid_search", "referral", "partner", "event", "outbound")
CHANNEL_SHARES = (0.30, 0.25, 0.12, 0.13, 0.08, 0.12)
OWNERS = tuple(f"owner-{number:02d}" for number in range(1, 13))
GENDERS = ("female", "male", "diverse")
INCOME_BANDS = ("low", "middle", "high")
FIRST_NAMES = (
    "Ada",
    "Ben",
    "Carla",
    "David",
    "Elena",
    "Felix",
    "Grace",
    "Hugo",
    "Ines",
    "Jonas",
    "Klara",
    "Louis",
    "Maya",
    "Nils",
    "Olga",
    "Pablo",
)
LAST_NAMES = (
    "Abbott",
    "Becker",
    "Castillo",
    "Dubois",
    "Evans",
    "Fischer",
    "Garcia",
    "Hughes",
    "Ivanov",
    "Jansen",
    "Keller",
    "Laurent",
    "Moreno",
    "Novak",
)
COMPANY_WORDS = (
    "Northwind",
    "Bluebird",
    "Granite",
    "Harbour",
    "Juniper",
    "Lantern",
    "Meridian",
    "Orchard",
    "Pioneer",
    "Quartz",
    "Summit",
    "Willow",
)

PLANS = ("starter", "team", "business")
ADD_ON = "analytics"
ADD_ON_PRICE = 900  # a seat and month, in every currency
ONBOARDING = "onboarding"
ONBOARDING_PRICE = 25_000
LIST_PRICES = np.array([[1900, 3900, 7900], [1800, 3600, 7400], [1600, 3300, 6600]])  # currency x plan, a seat and month
PRICE_RISE = 1.08  # from the middle of the history on, at the next billed period

INTERVALS = ("week", "month", "quarter", "year")
INTERVAL_SHARES = (0.025, 0.475, 0.15, 0.35)
INTERVAL_STEPS = np.array([1, 1, 3, 12])  # months between two chances to leave
INTERVAL_PRICE = np.array([0.25, 1.0, 2.9, 10.0])  # price of an interval in monthly prices
MONTHS_OF_INTERVAL = np.array([12 / 52, 1.0, 3.0, 12.0])
WEEK, MONTH, QUARTER, YEAR = range(4)

TRIAL_DAYS = 14
DUNNING_DAYS = 14  # an invoice that stays unpaid ends its subscription this long after it was issued
RETRY_DAYS = np.array([0, 3, 7, 10])
COUPON_PERCENT = 20  # what an accepted discount_offer takes off for three months

ACTIONS = ("nothing", "discount_offer", "success_call", "training_invite", "upgrade_offer")
NOTHING, DISCOUNT, CALL, TRAINING, UPGRADE = range(5)
ACTION_COST = np.array([0, 500, 4000, 800, 300])  # US cents
ACTION_CHANNELS = ("", "email", "phone", "email", "email")
POLICY_VERSION = "random-2023-11"
DECISION_SHARE = 0.25  # of the live customers each month
HOLDOUT_SHARE = 0.10
EFFECT_STEPS = 3  # an action works on this month and the two that follow

LEAVE_REASONS = ("too_expensive", "missing_features", "low_use", "poor_service", "switched_provider", "payment_failed", "term_ended")
PAYMENT_FAILED, TERM_ENDED = 5, 6
FAILURE_CODES = ("insufficient_funds", "expired_card", "do_not_honor", "processing_error")

THEMES = ("price", "support", "usability", "reliability", "features", "onboarding", "billing")
LANGUAGES = ("en", "de", "fr", "es")
