{{ customer_scores('sql') }}
