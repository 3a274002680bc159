"""Creating a cluster: what is asked, the object it becomes, and the way there."""
