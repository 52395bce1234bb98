"""What a manager looks at: statistics of a job's output, charts, and the page."""
