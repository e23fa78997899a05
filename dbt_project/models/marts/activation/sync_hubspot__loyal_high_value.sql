{{ loyal_high_value('hubspot') }}
