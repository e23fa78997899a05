{{ win_back('mailchimp') }}
