// What operations.graphql asks, as Relay wants it: named after this file, lists as connections.
import { graphql } from "react-relay";

graphql`
  query JourneyCoursesQuery(
    $filter: CourseFilter
    $first: Int
    $after: String
    $last: Int
    $before: String
  ) {
    courses(filter: $filter, first: $first, after: $after, last: $last, before: $before)
      @connection(key: "Journey_courses", filters: ["filter"]) {
      edges {
        node { id title }
      }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`;

graphql`
  query JourneyCourseQuery($id: ID!) {
    course(id: $id) {
      id
      summary
      offerings { id price { amount currency } }
    }
  }
`;

graphql`
  query JourneyAnyNodeQuery($id: ID!) {
    node(id: $id) { id ... on Course { durationMinutes } }
  }
`;

graphql`
  query JourneyAnyNodesQuery($ids: [ID!]!) {
    nodes(ids: $ids) { id ... on Course { availability } }
  }
`;

graphql`
  query JourneyWholeCourseQuery($id: ID!) {
    course(id: $id) { id title summary durationMinutes availability }
  }
`;

graphql`
  query JourneyMeQuery {
    me { id enrolments(first: 10) { nodes { id status course { title } } } }
  }
`;

graphql`
  query JourneyEnrolmentQuery($id: ID!) {
    enrolment(id: $id) { id status }
  }
`;

graphql`
  mutation JourneyEnrolMutation($input: EnrolInput!) {
    enrol(input: $input) { enrolment { id status } userErrors { code message } }
  }
`;

graphql`
  mutation JourneyCancelMutation($input: CancelEnrolmentInput!) {
    cancelEnrolment(input: $input) { enrolment { id status } userErrors { code message } }
  }
`;
