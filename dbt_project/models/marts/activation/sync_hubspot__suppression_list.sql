{{ suppression_list('hubspot') }}
