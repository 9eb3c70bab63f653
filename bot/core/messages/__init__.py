"""What messages say and show: incidents as blocks without markup, leads, precedents, and the pictures beside them."""
