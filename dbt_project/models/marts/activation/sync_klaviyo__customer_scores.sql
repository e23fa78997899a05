{{ customer_scores('klaviyo') }}
