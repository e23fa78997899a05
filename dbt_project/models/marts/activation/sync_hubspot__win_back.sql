{{ win_back('hubspot') }}
