"""Which customers may be one person: probabilistic record linkage after Fellegi and Sunter, on whatever traits there are.

    finder.Columns <- profiles;  finder.find(columns) -> pairs with a probability and the reasons for it

- `spelling`: values in one spelling; how a name sounds, whether it is written in Latin or Persian letters
- `columns`: profiles as columns of numbers, each standing for one distinct value
- `fields`: which columns tell something, and how values of each are compared, by their own statistics
- `comparing`: how far two values agree, in four levels, for many pairs at once
- `blocking`: the pairs worth comparing, in near-linear time
- `estimating`: how often values agree between records of one person and of strangers (EM, without examples)
- `scoring`: the probability of a pair and what speaks for and against it
- `grouping`: groups that do not chain
- `finder`: all of it, in order

Needs NumPy, which nothing else in the service does: import it in the process that scans, not in the one that serves.
"""
