{{ customer_scores('mailchimp') }}
