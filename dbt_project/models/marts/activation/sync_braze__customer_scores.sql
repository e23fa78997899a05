{{ customer_scores('braze') }}
