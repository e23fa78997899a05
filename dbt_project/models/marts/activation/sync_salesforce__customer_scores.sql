{{ customer_scores('salesforce') }}
