{{ win_back('customerio') }}
