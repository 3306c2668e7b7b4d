"""What a browser shows: the start page, the studio, the API's documentation; all from here."""
