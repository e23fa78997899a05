{{ customer_scores('webhook') }}
