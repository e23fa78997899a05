{{ customer_scores() }}
