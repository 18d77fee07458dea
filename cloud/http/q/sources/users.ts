import { roles } from '../../../auth/rights.ts';
import { userStates } from '../../../user/user.ts';
import { column, type QSource } from '../source.ts';

export const userSource: QSource = {
  name: 'users',
  table: 'person',
  sorts: {
    createdAt: { column: 'person.created_at', type: 'int' },
    email: { column: 'person.email', type: 'text' },
  },
  sort: 'email',
  words: ['name', 'email'],
  fields: [
    {
      name: 'name',
      type: 'text',
      says: 'What the person is called.',
      example: 'name ~ ada*',
      place: column('person.name'),
    },
    {
      name: 'email',
      type: 'text',
      says: 'The address, in lower case.',
      example: 'email ~ *@example.com',
      place: column('person.email'),
    },
    {
      name: 'role',
      type: 'text',
      says: 'What the person may do.',
      example: 'role = admin',
      values: roles,
      place: column('person.role'),
    },
    {
      name: 'state',
      type: 'text',
      says: 'Invited, active or deactivated.',
      example: 'state = active',
      values: userStates,
      place: column('person.state'),
    },
    {
      name: 'issuer',
      type: 'text',
      says: 'The OpenID provider that vouches for the person.',
      example: 'issuer:*',
      place: column('person.issuer'),
    },
    {
      name: 'lastLoginAt',
      type: 'instant',
      says: 'When the person logged in last.',
      example: 'lastLoginAt < -90d',
      place: column('person.last_login_at'),
    },
    {
      name: 'createdAt',
      type: 'instant',
      says: 'When the account was made.',
      example: 'createdAt > -7d',
      place: column('person.created_at'),
    },
  ],
};
