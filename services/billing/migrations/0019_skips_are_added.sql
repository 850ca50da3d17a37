-- Who serves adds to the events that are passed over, and changes none of it.
GRANT SELECT, INSERT ON follower_skip TO hjm_billing;
