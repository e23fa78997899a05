{{ win_back('braze') }}
