{{ win_back('klaviyo') }}
