{{ customer_scores('hubspot') }}
