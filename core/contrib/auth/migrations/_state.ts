/** The definition of each table of this app before and after each migration. */
import type { Column, Index, Table } from './_tables.ts'

const ID: Column = { name: 'id', type: 'id' }

/** A foreign key column, and its index. */
const reference = (name: string, references: string): Column => ({ name, type: 'integer', references })
const indexOf = (column: string, name: string, foreignKey: string): Index => ({ name, columns: [column], foreignKey })

export const permission = (name: 50 | 255): Table => ({
  name: 'auth_permission',
  columns: [
    ID,
    { name: 'name', type: `varchar(${name})` },
    reference('content_type_id', 'django_content_type'),
    { name: 'codename', type: 'varchar(100)' },
  ],
  indexes: [
    {
      name: 'auth_permission_content_type_id_codename_01ab375a_uniq',
      columns: ['content_type_id', 'codename'],
      unique: true,
    },
    indexOf(
      'content_type_id',
      'auth_permission_content_type_id_2f476e4b',
      'auth_permission_content_type_id_2f476e4b_fk_django_co',
    ),
  ],
})

export const group = (name: 80 | 150): Table => ({
  name: 'auth_group',
  columns: [ID, { name: 'name', type: `varchar(${name})`, unique: true }],
  indexes: [],
})

interface UserState {
  readonly username: 30 | 150
  readonly firstName: 30 | 150
  readonly lastName: 30 | 150
  readonly email: 75 | 254
  readonly lastLoginNullable: boolean
}

const INITIAL: UserState = { username: 30, firstName: 30, lastName: 30, email: 75, lastLoginNullable: false }

/** The user table in a state, given as its differences from the initial one. */
export function user(changes: Partial<UserState> = {}): Table {
  const { username, firstName, lastName, email, lastLoginNullable } = { ...INITIAL, ...changes }
  return {
    name: 'auth_user',
    columns: [
      ID,
      { name: 'password', type: 'varchar(128)' },
      { name: 'last_login', type: 'datetime', nullable: lastLoginNullable },
      { name: 'is_superuser', type: 'bool' },
      { name: 'username', type: `varchar(${username})`, unique: true },
      { name: 'first_name', type: `varchar(${firstName})` },
      { name: 'last_name', type: `varchar(${lastName})` },
      { name: 'email', type: `varchar(${email})` },
      { name: 'is_staff', type: 'bool' },
      { name: 'is_active', type: 'bool' },
      { name: 'date_joined', type: 'datetime' },
    ],
    indexes: [],
  }
}

const SINCE_0003 = { email: 254 } as const
const SINCE_0005 = { ...SINCE_0003, lastLoginNullable: true } as const
const SINCE_0008 = { ...SINCE_0005, username: 150 } as const
const SINCE_0009 = { ...SINCE_0008, lastName: 150 } as const
const SINCE_0012 = { ...SINCE_0009, firstName: 150 } as const

/** The user table after each migration that alters it. */
export const userAfter = {
  '0001': user(),
  '0003': user(SINCE_0003),
  '0005': user(SINCE_0005),
  '0008': user(SINCE_0008),
  '0009': user(SINCE_0009),
  '0012': user(SINCE_0012),
}

/** Many-to-many tables. The hashes in the index names are Django's. */
export const pairs: readonly Table[] = [
  {
    name: 'auth_group_permissions',
    columns: [ID, reference('group_id', 'auth_group'), reference('permission_id', 'auth_permission')],
    indexes: [
      {
        name: 'auth_group_permissions_group_id_permission_id_0cd325b0_uniq',
        columns: ['group_id', 'permission_id'],
        unique: true,
      },
      indexOf(
        'group_id',
        'auth_group_permissions_group_id_b120cbf9',
        'auth_group_permissions_group_id_b120cbf9_fk_auth_group_id',
      ),
      indexOf(
        'permission_id',
        'auth_group_permissions_permission_id_84c5c92e',
        'auth_group_permissio_permission_id_84c5c92e_fk_auth_perm',
      ),
    ],
  },
  {
    name: 'auth_user_groups',
    columns: [ID, reference('user_id', 'auth_user'), reference('group_id', 'auth_group')],
    indexes: [
      { name: 'auth_user_groups_user_id_group_id_94350c0c_uniq', columns: ['user_id', 'group_id'], unique: true },
      indexOf('user_id', 'auth_user_groups_user_id_6a12ed8b', 'auth_user_groups_user_id_6a12ed8b_fk_auth_user_id'),
      indexOf('group_id', 'auth_user_groups_group_id_97559544', 'auth_user_groups_group_id_97559544_fk_auth_group_id'),
    ],
  },
  {
    name: 'auth_user_user_permissions',
    columns: [ID, reference('user_id', 'auth_user'), reference('permission_id', 'auth_permission')],
    indexes: [
      {
        name: 'auth_user_user_permissions_user_id_permission_id_14a6b632_uniq',
        columns: ['user_id', 'permission_id'],
        unique: true,
      },
      indexOf(
        'user_id',
        'auth_user_user_permissions_user_id_a95ead1b',
        'auth_user_user_permissions_user_id_a95ead1b_fk_auth_user_id',
      ),
      indexOf(
        'permission_id',
        'auth_user_user_permissions_permission_id_1fbb5f2c',
        'auth_user_user_permi_permission_id_1fbb5f2c_fk_auth_perm',
      ),
    ],
  },
]
