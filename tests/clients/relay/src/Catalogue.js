// A list that grows at both ends, and a card that is read anew by its course's id alone.
import { graphql } from "react-relay";

export const page = graphql`
  query CatalogueQuery($filter: CourseFilter, $first: Int, $last: Int) {
    ...Catalogue_list @arguments(filter: $filter, first: $first, last: $last)
  }
`;

export const list = graphql`
  fragment Catalogue_list on Query
  @refetchable(queryName: "CataloguePageQuery")
  @argumentDefinitions(
    filter: { type: "CourseFilter" }
    first: { type: "Int" }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
  ) {
    courses(filter: $filter, first: $first, after: $after, last: $last, before: $before)
      @connection(key: "Catalogue_courses") {
      edges {
        node {
          id
          ...Catalogue_card
        }
      }
    }
  }
`;

export const card = graphql`
  fragment Catalogue_card on Course @refetchable(queryName: "CatalogueCardQuery") {
    title
    lowestPrice { amount currency }
    institution { name }
  }
`;
