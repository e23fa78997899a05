{{ customer_scores('customerio') }}
