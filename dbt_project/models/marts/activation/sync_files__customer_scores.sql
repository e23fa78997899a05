{{ customer_scores('files') }}
