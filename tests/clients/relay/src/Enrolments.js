// A learner's enrolments: a list, a mutation that adds to it, and what follows one.
import { graphql } from "react-relay";

export const learner = graphql`
  query EnrolmentsQuery {
    me {
      ...Enrolments_list
    }
  }
`;

export const list = graphql`
  fragment Enrolments_list on Learner
  @refetchable(queryName: "EnrolmentsPageQuery")
  @argumentDefinitions(
    first: { type: "Int", defaultValue: 10 }
    after: { type: "String" }
  ) {
    enrolments(first: $first, after: $after) @connection(key: "Enrolments_enrolments") {
      __id
      edges {
        node {
          id
          ...Enrolments_row
        }
      }
    }
  }
`;

export const row = graphql`
  fragment Enrolments_row on Enrolment {
    status
    course { title }
    price { amount currency }
  }
`;

export const enrol = graphql`
  mutation EnrolmentsEnrolMutation($input: EnrolInput!, $connections: [ID!]!) {
    enrol(input: $input) {
      enrolment
        @prependNode(connections: $connections, edgeTypeName: "EnrolmentEdge") {
        id
        ...Enrolments_row
      }
      userErrors { code message }
    }
  }
`;

export const followed = graphql`
  subscription EnrolmentsChangedSubscription($id: ID!) {
    enrolmentChanged(id: $id) {
      ...Enrolments_row
    }
  }
`;
