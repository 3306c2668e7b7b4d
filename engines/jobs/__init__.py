"""Jobs: requests whose work goes on after the client has disconnected. Their records, the order in
which they run, and the stores that keep them."""
